-- What acme-pay is compared with. Reviewed like code: trueup sends it as it stands here, read-only,
-- with dates, client and invoice as binds.
SELECT payment_reference, invoice, amount, currency, value_date, status, client_id, client_name
FROM payments
WHERE value_date BETWEEN :from_date AND :to_date
  AND (:client IS NULL OR client_id = :client)
  AND (:invoice IS NULL OR invoice = :invoice)
ORDER BY entry_id

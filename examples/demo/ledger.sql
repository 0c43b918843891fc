-- The sample ledger of docker-compose.yml: the same records as ledger/acme-pay-2026-11-20.csv.

CREATE TABLE payments (
  entry_id          bigint PRIMARY KEY,
  payment_reference text NOT NULL,
  invoice           text NOT NULL,
  client_id         text NOT NULL,
  client_name       text NOT NULL,
  amount            numeric(18, 2) NOT NULL,
  currency          char(3) NOT NULL,
  value_date        date NOT NULL,
  status            text NOT NULL
);

CREATE INDEX payments_by_value_date ON payments (value_date, entry_id);

INSERT INTO payments
  (entry_id, payment_reference, invoice, client_id, client_name, amount, currency, value_date, status)
VALUES
  (90001, 'PAY-20434', 'ABC234', 'C-109', 'Isar Kajak GmbH', 71.10, 'EUR', '2026-11-20', 'settled'),
  (90002, 'PAY-20422', 'ABC222', 'C-105', 'Eriksson Friluft AB', 120.00, 'EUR', '2026-11-20', 'settled'),
  (90003, 'PAY-20423', 'ABC223', 'C-102', 'Bergfreund Handels GmbH', 267.50, 'EUR', '2026-11-20', 'settled'),
  (90004, 'PAY-20415', 'ABC215', 'C-106', 'Fjällstuga Återförsäljare AB', 38.75, 'USD', '2026-11-20', 'settled'),
  (90005, 'PAY-20403', 'ABC203', 'C-102', 'Bergfreund Handels GmbH', 349.50, 'EUR', '2026-11-20', 'settled'),
  (90006, 'PAY-20417', 'ABC217', 'C-110', 'Jura Trekking SA', 129.99, 'USD', '2026-11-20', 'settled'),
  (90007, 'PAY-20430', 'ABC230', 'C-101', 'Alpenblick Sport AG', 72.15, 'EUR', '2026-11-13', 'settled'),
  (90008, 'PAY-20431', 'ABC231', 'C-108', 'Hüttenwirt KG', 450.00, 'EUR', '2026-11-19', 'settled'),
  (90009, 'PAY-20414', 'ABC214', 'C-109', 'Isar Kajak GmbH', 212.00, 'USD', '2026-11-20', 'settled'),
  (90010, 'PAY-20424', 'ABC224', 'C-109', 'Isar Kajak GmbH', 320.00, 'USD', '2026-11-20', 'settled'),
  (90011, 'PAY-20411', 'ABC211', 'C-108', 'Hüttenwirt KG', 64.99, 'EUR', '2026-11-20', 'settled'),
  (90012, 'PAY-20435', 'ABC140', 'C-104', 'Dolomiti Outdoor Srl', 240.00, 'EUR', '2026-11-20', 'settled'),
  (90013, 'PAY-20413', 'ABC123', 'C-101', 'Alpenblick Sport AG', 800.00, 'USD', '2026-11-20', 'settled'),
  (90014, 'PAY-20409', 'ABC209', 'C-104', 'Dolomiti Outdoor Srl', 230.10, 'EUR', '2026-11-20', 'settled'),
  (90015, 'PAY-20408', 'ABC208', 'C-107', 'Garmer Touren e.K.', 18.40, 'EUR', '2026-11-20', 'settled'),
  (90016, 'PAY-20420', 'ABC220', 'C-101', 'Alpenblick Sport AG', 310.00, 'EUR', '2026-11-19', 'settled'),
  (90017, 'PAY-20437', 'ABC237', 'C-110', 'Jura Trekking SA', -24.50, 'EUR', '2026-11-20', 'settled'),
  (90018, 'PAY-20407', 'ABC207', 'C-110', 'Jura Trekking SA', 75.00, 'EUR', '2026-11-20', 'settled'),
  (90019, 'PAY-20438', 'ABC238', 'C-107', 'Garmer Touren e.K.', 502.75, 'EUR', '2026-11-20', 'settled'),
  (90020, 'PAY-20427', 'ABC227', 'C-110', 'Jura Trekking SA', 600.00, 'EUR', '2026-11-20', 'settled'),
  (90021, 'PAY-20433', 'ABC233', 'C-102', 'Bergfreund Handels GmbH', 158.40, 'EUR', '2026-11-20', 'settled'),
  (90022, 'PAY-20436', 'ABC236', 'C-103', 'Café Ménage SARL', -89.00, 'EUR', '2026-11-20', 'settled'),
  (90023, 'PAY-20440', 'ABC240', 'C-101', 'Alpenblick Sport AG', 1890.00, 'EUR', '2026-11-20', 'settled'),
  (90024, 'PAY-20432', 'ABC232', 'C-105', 'Eriksson Friluft AB', 33.30, 'EUR', '2026-11-20', 'settled'),
  (90025, 'PAY-20499', 'ABC140', 'C-104', 'Dolomiti Outdoor Srl', 265.00, 'EUR', '2026-11-20', 'settled'),
  (90026, 'PAY-20439', 'ABC239', 'C-104', 'Dolomiti Outdoor Srl', 27.80, 'EUR', '2026-11-20', 'settled'),
  (90027, 'PAY-20402', 'ABC202', 'C-105', 'Eriksson Friluft AB', 89.00, 'EUR', '2026-11-20', 'settled'),
  (90028, 'PAY-20410', 'ABC210', 'C-101', 'Alpenblick Sport AG', 999.00, 'EUR', '2026-11-20', 'settled'),
  (90029, 'PAY-20421', 'ABC221', 'C-108', 'Hüttenwirt KG', 45.00, 'EUR', '2026-11-19', 'settled'),
  (90030, 'PAY-20429', 'ABC229', 'C-104', 'Dolomiti Outdoor Srl', 640.00, 'EUR', '2026-11-12', 'settled'),
  (90031, 'PAY-20425', 'ABC225', 'C-106', 'Fjällstuga Återförsäljare AB', 95.60, 'EUR', '2026-11-12', 'settled'),
  (90032, 'PAY-20416', 'ABC216', 'C-103', 'Café Ménage SARL', 540.00, 'USD', '2026-11-20', 'settled'),
  (90033, 'PAY-20426', 'ABC226', 'C-103', 'Café Ménage SARL', 178.00, 'EUR', '2026-11-20', 'settled'),
  (90034, 'PAY-20441', 'ABC241', 'C-108', 'Hüttenwirt KG', 66.60, 'EUR', '2026-11-20', 'settled'),
  (90035, 'PAY-20404', 'ABC204', 'C-109', 'Isar Kajak GmbH', 1249.00, 'EUR', '2026-11-20', 'settled'),
  (90036, 'PAY-20406', 'ABC206', 'C-103', 'Café Ménage SARL', 412.30, 'EUR', '2026-11-20', 'settled'),
  (90037, 'PAY-20401', 'ABC201', 'C-108', 'Hüttenwirt KG', 124.90, 'EUR', '2026-11-20', 'settled'),
  (90038, 'PAY-20412', 'ABC212', 'C-105', 'Eriksson Friluft AB', 147.25, 'EUR', '2026-11-20', 'settled'),
  (90039, 'PAY-20405', 'ABC205', 'C-106', 'Fjällstuga Återförsäljare AB', 59.95, 'EUR', '2026-11-20', 'settled'),
  (90040, 'PAY-20419', 'ABC219', 'C-104', 'Dolomiti Outdoor Srl', 86.20, 'EUR', '2026-11-19', 'settled');

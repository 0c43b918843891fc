# The trueup image: one binary and the certificates it needs, run by a user without rights.
# Needs BuildKit, which keeps the crates and the build between two builds.

FROM rust:1.95-slim-trixie AS build
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --package worker \
    && cp target/release/trueup /usr/local/bin/trueup

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/trueup --create-home trueup
COPY --from=build /usr/local/bin/trueup /usr/local/bin/trueup
# The configuration is mounted here; what trueup writes goes to its home.
ENV TRUEUP_CONFIG=/etc/trueup
USER trueup
WORKDIR /var/lib/trueup
VOLUME /var/lib/trueup
ENTRYPOINT ["trueup"]
CMD ["worker"]

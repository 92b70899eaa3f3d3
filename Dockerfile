# The scheduler with a browser. uv checks every package against the hashes in requirements.lock.
FROM python:3.11-slim-bookworm AS builder
WORKDIR /build
RUN pip install --no-cache-dir uv==0.13.9 && uv venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv
COPY pyproject.toml requirements.lock README.md ./
RUN uv pip install --no-cache --constraints requirements.lock -r pyproject.toml
COPY scheduler ./scheduler
COPY agents ./agents
RUN uv pip install --no-cache --no-deps --build-constraints requirements.lock .

FROM python:3.11-slim-bookworm
# hadolint ignore=DL3008  # Debian's security updates are wanted
RUN apt-get update \
    && apt-get install --no-install-recommends -y chromium-headless-shell fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 cpa \
    && install -d -o cpa -g cpa /data
COPY --from=builder /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CPA_DATABASE_URL=sqlite:////data/cpa.db \
    CPA_DATA_DIR=/data \
    CPA_FILES_ROOT=/data/files
USER 1000
WORKDIR /home/cpa
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
CMD ["cpa", "up", "--host", "0.0.0.0"]

# Invora in one image: REST, gRPC and the scheduler. Settings are INVORA_… variables (README.md).
#
#   docker build -t invora .
#   docker run -p 8080:8080 -p 8081:8081 -v invora:/data -e INVORA_ADMIN_KEY=… invora
#
# The first stage has the installer; the second has only what runs. Time zones come from the tzdata
# package in the lock, since a slim image has none.

FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml requirements.lock ./
RUN uv venv && uv pip install --verify-hashes --constraint requirements.lock \
    --requirements pyproject.toml setuptools
COPY . .
RUN uv pip install --no-deps --no-build-isolation --config-settings editable_mode=compat \
    --editable . && .venv/bin/python -m compileall -q .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home invora && install -d -o invora /data
COPY --from=build /app /app
WORKDIR /app
USER invora
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 INVORA_DATA=/data INVORA_HOST=0.0.0.0
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=5 CMD python -c \
    "from os import environ; from urllib.request import urlopen; \
    urlopen(f'http://127.0.0.1:{environ.get(\"INVORA_PORT\", \"8080\")}/health', timeout=4)"
CMD ["invora", "serve"]

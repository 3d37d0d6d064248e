# The program and nothing else: what the lock file names, on a slim Python, as a user without rights.
FROM python:3.11-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/warmhandoff
RUN pip install --no-cache-dir --disable-pip-version-check 'uv>=0.9'
WORKDIR /build
# The libraries first: they change seldom, and this layer is kept when the program changes.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project
COPY models models
COPY topics topics
COPY connectors connectors
COPY services services
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/warmhandoff warmhandoff
COPY --from=build /opt/warmhandoff /opt/warmhandoff
ENV PATH=/opt/warmhandoff/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# warmhandoff.yaml is looked for in the working directory.
WORKDIR /etc/warmhandoff
USER 10001
# MLLP, HTTP of `serve`, HTTP of `worker`
EXPOSE 2575 8080 9100
ENTRYPOINT ["warmhandoff"]
CMD ["--help"]

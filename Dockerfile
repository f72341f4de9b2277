# The production image: web, worker, beat and migrate are the same image with another word.
FROM python:3.11-slim-bookworm AS packages
COPY requirements/base.txt requirements/
RUN python -m venv /srv/venv \
 && /srv/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt

FROM python:3.11-slim-bookworm
COPY apt.txt /tmp/apt.txt
RUN apt-get update \
 && sed 's/#.*//' /tmp/apt.txt | xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /tmp/apt.txt \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin praticonnect
COPY --from=packages /srv/venv /srv/venv
WORKDIR /srv/praticonnect
COPY . .
ENV PATH=/srv/venv/bin:$PATH PYTHONUTF8=1 PYTHONUNBUFFERED=1 PRATICONNECT_ENV=production PRATICONNECT_VAR=/srv/var
RUN for source in locale/*/LC_MESSAGES/*.po; do \
      [ ! -e "$source" ] || msgfmt --check-format -o "${source%.po}.mo" "$source"; \
    done \
 && docker/collect-static \
 && mkdir -p /srv/var/uploads /srv/var/run \
 && chown praticonnect /srv/var/uploads /srv/var/run
USER praticonnect
EXPOSE 8000
ENTRYPOINT ["docker/start"]
CMD ["web"]

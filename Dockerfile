# The page of `heirloom demo` in a container: docker build -t heirloom . && docker run --rm -p 7860:7860 heirloom
# As it is, this is a Space of Hugging Face too (its README.md says `sdk: docker` and `app_port: 7860`).
FROM python:3.11-slim

# Spaces run as this user.
RUN useradd --create-home --uid 1000 user

COPY requirements /src/requirements
RUN pip install --no-cache-dir --require-hashes -r /src/requirements/demo.txt

COPY . /src
RUN pip install --no-cache-dir --no-deps --no-build-isolation /src && rm -rf /src

USER user
WORKDIR /home/user
EXPOSE 7860
HEALTHCHECK CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:7860/', timeout=5)"]
# A Space has a name of its own, which the page must know; a family at home needs none.
CMD exec heirloom demo --host 0.0.0.0 --port 7860 ${SPACE_HOST:+--allow-host "$SPACE_HOST"}

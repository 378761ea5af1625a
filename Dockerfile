# The image holds the program and the certificates that it needs to call Shopify;
# no shell and no package manager.
#
#   docker build -t probability .
#   docker run -p 127.0.0.1:8080:8080 -v probability:/data probability

FROM golang:1.26 AS build
WORKDIR /src

# Modules first, so that a change of the code does not fetch them again.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
ARG VERSION=""
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X probability/cmd.version=${VERSION}" -o /out/probability .

# An empty folder to copy: a scratch image has no mkdir and no chown.
RUN mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/probability /probability
COPY --from=build --chown=65532:65532 --chmod=0700 /out/data /data

# There is no /tmp; what the database cannot sort in memory goes beside it.
ENV PROBABILITY_DATA_DIR=/data \
    PROBABILITY_SERVER_LISTEN=0.0.0.0:8080 \
    TMPDIR=/data

# By number, so that a cluster can see that it is not root without a passwd file.
USER 65532:65532
VOLUME /data
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/probability", "healthcheck"]

ENTRYPOINT ["/probability"]
CMD ["serve"]

# Ambit in a container: built with the official image of Swift, run on the plain system that this is made on.
#
#   docker build -t ambit .
#   docker run --rm -p 127.0.0.1:5300:5300/udp -p 127.0.0.1:5300:5300/tcp ambit       # names that are the same for everyone
#   docker run --rm -v "$PWD/zones:/etc/ambit:ro" --network host ambit                # a folder of yours, by context
#
# Callers are told apart by their addresses: with --network host, or in a network that routes, they keep them; a published
# port may show the gateway's in their place. See docs/running.md.
FROM swift:6.3-noble AS build
WORKDIR /src
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
COPY zones/mesh.test.zone scripts/container/ambit.policy container/
RUN swift build -c release --static-swift-stdlib --product ambit \
 && install -D -m 755 .build/release/ambit /out/ambit

FROM ubuntu:24.04
RUN useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ambit \
 && install -d -o ambit -g ambit /var/log/ambit
COPY --from=build /out/ambit /usr/local/bin/ambit
COPY --from=build /src/container /etc/ambit
# Logs that the policy names without a slash at the start go here.
WORKDIR /var/log/ambit
USER ambit
# The page and /metrics stay on the container's own loopback, since they have no password. To see them: append
# "serve /etc/ambit --listen 0.0.0.0:5300 --http 0.0.0.0:8053" and -p 127.0.0.1:8053:8053.
EXPOSE 5300/udp 5300/tcp
# Not a port below 1024: that takes a right which the container need not have.
ENTRYPOINT ["/usr/local/bin/ambit"]
CMD ["serve", "/etc/ambit", "--listen", "0.0.0.0:5300"]
# Asks the server over its control socket, as the user that it is.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/usr/local/bin/ambit", "top", "--once", "--json", "/etc/ambit"]

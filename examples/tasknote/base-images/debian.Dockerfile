# Node on Debian: the host's Node and npm, over what debootstrap made.
FROM localhost/debian:12
COPY --from=localhost/node:26 /usr/local /usr/local
RUN useradd --uid 1000 --create-home node && mkdir /var/empty
CMD ["node"]

# The site, for any host that runs containers. The project it serves is told when it starts:
#
#   docker build -t medq-site .
#   docker run -p 3000:3000 --env-file .env medq-site
#
# A proxy in front of it ends TLS; docs/deploy.md says what else it has to do.

FROM node:24.21.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The scripts of packages fetch what only development needs: Deno, Postgres, a Node of one's own.
RUN npm ci --ignore-scripts
COPY tsconfig.json vite.config.ts ./
COPY static static
COPY src src
RUN npm run build

FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY --from=build /app/build build
USER node
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "build"]

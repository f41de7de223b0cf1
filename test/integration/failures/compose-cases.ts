import type { ComposeCase } from './failure-case.ts'

const service = (...lines: string[]): string =>
  ['services:', '  web:', ...lines.map((line) => `    ${line}`), ''].join('\n')

/** Files that `compose config` refuses. */
export const composeCases: readonly ComposeCase[] = [
  {
    name: 'a tab in YAML',
    text: 'services:\n\tweb:\n\t\timage: a\n',
    exitCode: 1,
    cause: /compose\.yaml.*line 2|compose\.yaml:2/,
    cure: /tab|space|blank/i,
  },
  {
    name: 'a quote that is not closed',
    text: service('image: "app', 'restart: always'),
    exitCode: 1,
    cause: /compose\.yaml.*(?:line|:)/,
    cure: /quote|"/i,
  },
  {
    name: 'a misspelt field',
    text: service('image: app', 'enviroment: [A=1]'),
    exitCode: 1,
    cause: /services\.web\.enviroment/,
    cure: /environment\?/,
  },
  {
    name: 'neither an image nor a build',
    text: service('command: [sleep, "1"]'),
    exitCode: 1,
    cause: /services\.web|web/,
    cure: /image.*build/,
  },
  {
    name: 'a dependency that does not exist',
    text: service('image: app', 'depends_on: [db]'),
    exitCode: 1,
    cause: /web.*db/,
    cure: /service/,
  },
  {
    name: 'services that depend on each other',
    text: `${service('image: app', 'depends_on: [db]')}  db: {image: app, depends_on: [web]}\n`,
    exitCode: 1,
    cause: /db.*web|web.*db/,
    cure: /depends_on|remove/i,
  },
  {
    name: 'a network that is not declared',
    text: service('image: app', 'networks: [back]'),
    exitCode: 1,
    cause: /back/,
    cure: /networks/,
  },
  {
    name: 'a volume that is not declared',
    text: service('image: app', 'volumes: ["data:/data"]'),
    exitCode: 1,
    cause: /data/,
    cure: /volumes/,
  },
  {
    name: 'a required variable that is not set',
    text: service('image: ${NOTHING_LIKE_IT:?which image}'),
    exitCode: 1,
    cause: /NOTHING_LIKE_IT.*which image|which image.*NOTHING_LIKE_IT/,
    cure: /set|\.env/i,
  },
  {
    name: 'a brace that is not closed',
    text: service('image: app:${TAG'),
    exitCode: 1,
    cause: /\$\{TAG/,
    cure: /\$\$|\}/,
  },
  {
    name: 'a port out of range',
    text: service('image: app', 'ports: ["99999:80"]'),
    exitCode: 1,
    cause: /service "web".*99999/,
    cure: /65535/,
  },
  {
    name: 'a list where a text belongs',
    text: service('image: [app]'),
    exitCode: 1,
    cause: /services\.web\.image/,
    cure: /text|string/,
  },
  {
    name: 'a duration without unit',
    text: service('image: app', 'stop_grace_period: "10"'),
    exitCode: 1,
    cause: /service "web".*duration.*"10"/,
    cure: /1m30s|10s/,
  },
  {
    name: 'an unknown restart policy',
    text: service('image: app', 'restart: sometimes'),
    exitCode: 1,
    cause: /service "web".*restart.*sometimes/,
    cure: /on-failure/,
  },
  {
    name: 'an environment file that is missing',
    text: service('image: app', 'env_file: missing.env'),
    exitCode: 1,
    cause: /missing\.env/,
    cure: /create|required/i,
  },
  {
    name: 'an unknown condition',
    text: service('image: app', 'depends_on: {db: {condition: ready}}') + '  db: {image: app}\n',
    exitCode: 1,
    cause: /condition.*ready/,
    cure: /service_healthy/,
  },
]

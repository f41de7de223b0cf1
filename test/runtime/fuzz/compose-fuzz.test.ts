import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { OperationError, describeError } from '../../../native/error.ts'
import { loadProject } from '../../../runtime/compose/file/load-project.ts'
import { toCompose } from '../../../runtime/compose/model/to-compose.ts'
import { configHash } from '../../../runtime/compose/plan/config-hash.ts'
import { damaged, damagedBytes } from '../../orchestrator/fuzz/damage.ts'
import { fuzzRounds, fuzzTimeout } from '../../orchestrator/fuzz/fuzz-settings.ts'
import { pick, type Random } from '../../chaos/random.ts'

// Compose files with something wrong in them: each is a project, or is refused with the place of what is wrong.

const whole = {
  name: 'shop',
  services: {
    web: {
      image: 'web:${TAG:-1}',
      build: { context: '.', dockerfile: 'Dockerfile', args: { A: '1' }, target: 'run' },
      command: ['sh', '-c', 'sleep 1'],
      environment: ['A=1', 'B'],
      ports: ['127.0.0.1:8080:80/tcp', { target: 90, published: '9090' }],
      volumes: ['data:/data:ro', { type: 'tmpfs', target: '/t', tmpfs: { size: '1m' } }],
      networks: { front: { aliases: ['www'], ipv4_address: '10.9.0.7' } },
      depends_on: { db: { condition: 'service_healthy', restart: true } },
      healthcheck: { test: ['CMD', 'true'], interval: '10s', retries: 3 },
      deploy: { replicas: 2, resources: { limits: { cpus: '0.5', memory: '64m' } } },
      secrets: ['key', { source: 'key', target: '/k', mode: 0o400 }],
      configs: [{ source: 'settings', target: '/s' }],
      ulimits: { nofile: { soft: 10, hard: 20 }, nproc: 5 },
      labels: { a: 'b' },
      restart: 'on-failure:3',
      stop_grace_period: '3s',
      logging: { driver: 'json-file', options: { 'max-size': '1m' } },
      profiles: ['front'],
      extra_hosts: ['a:10.0.0.1'],
      sysctls: { 'net.core.somaxconn': 10 },
    },
    db: {
      image: 'db',
      environment: { P: '${P:?none}', Q: null },
      extends: { service: 'base' },
      healthcheck: { test: 'true' },
    },
    base: { image: 'base', cap_add: ['NET_ADMIN'], tmpfs: '/run', user: 1000 },
  },
  networks: {
    front: { driver: 'bridge', ipam: { config: [{ subnet: '10.9.0.0/24' }] } },
    back: { external: true },
  },
  volumes: { data: {}, other: null },
  secrets: { key: { environment: 'P' } },
  configs: { settings: { content: 'a=${TAG}' } },
}

const fragments = [
  'services:\n\tweb: {}\n',
  'a: &a [*a, *a]\n',
  'services: &s\n  web: *s\n',
  'services: {web: {image: !!binary aGk=}}\n',
  '--- {}\n--- {}\n',
  'services: {web: {image: i, <<: [1, 2]}}\n',
  'services: {web: {image: i, extends: web}}\n',
  'include: [compose.yaml]\n',
  `services: ${'['.repeat(3000)}\n`,
  '\0',
  '',
]

function textOf(random: Random): string {
  if (random() < 0.1) return pick(random, fragments)
  const share = pick(random, [0, 0.002, 0.01, 0.05])
  const text = stringify(damaged(random, whole, share))
  return random() < 0.6 ? text : damagedBytes(random, Buffer.from(text)).toString()
}

/** What people see names the file, a field, a service or a variable. */
const places =
  /compose\.yaml|services?\b|network|volume|secret|config|variable|interpolation|project name|include|extends|depend|healthcheck/i

t.test('compose files', { timeout: fuzzTimeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'compose.yaml')
  let [read, refused] = [0, 0]
  for (const { seed, random } of fuzzRounds(300)) {
    const text = textOf(random)
    writeFileSync(path, text)
    const options = { files: [path], envFiles: [], profiles: ['*'], cwd: folder, env: { P: 'p' } }
    try {
      const project = loadProject({ ...options, warn: () => undefined })
      for (const name of Object.keys(project.services)) configHash(project, name)
      JSON.stringify(toCompose(project))
      read++
    } catch (error) {
      refused++
      const said = describeError(error)
      if (!(error instanceof OperationError) || error.code === 'INTERNAL')
        t.fail(`seed ${seed}: ${error instanceof Error ? error.stack : said}`, { text })
      else if (!places.test(said)) t.fail(`seed ${seed}: no place is named: ${said}`, { text })
    }
  }
  t.ok(read > 0 && refused > 0, `${read} read, ${refused} refused`)
})

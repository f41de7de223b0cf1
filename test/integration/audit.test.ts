import t from 'tap'
import type { AuditReport } from '../../runtime/audit/audit-container.ts'
import { commandBench } from './command-line.ts'

t.setTimeout(90_000)
const { ok, run } = commandBench(t)

async function audit(name: string): Promise<AuditReport> {
  return JSON.parse((await run('audit', '--format', 'json', name)).stdout) as AuditReport
}

t.test('what the kernel says of a plain container', async (t) => {
  await ok('run', '-d', '--name', 'plain', '--network', 'none', 'host', 'sleep', '1000')
  const { facts, risks } = await audit('plain')
  t.match(facts, { user: { uid: 0 }, rootIs: 0, seccompMode: 'filter', noNewPrivileges: false })
  t.ok(facts.capabilities.effective.includes('CAP_CHOWN'))
  t.notOk(facts.capabilities.effective.includes('CAP_SYS_ADMIN'))
  t.strictSame(
    facts.namespaces.filter(({ isHosts }) => isHosts).map(({ type }) => type),
    ['time', 'user'],
  )
  t.notOk(risks.some(({ level }) => level === 'critical' || level === 'high'))
  const shown = await run('audit', 'plain')
  t.match(shown, { exitCode: 0, stdout: /^Seccomp +filter/m })
})

t.test('what was given away shows, though nothing says so but the kernel', async (t) => {
  const gifts = ['--privileged', '--pid', 'host', '-v', '/:/host', '-v', '/etc:/etc-of-host:ro']
  await ok('run', '-d', '--name', 'gifts', '--network', 'none', ...gifts, 'host', 'sleep', '1000')
  const { facts, risks } = await audit('gifts')
  t.match(facts, { seccompMode: 'none', devices: [/^a \*:\* rwm$/] })
  for (const [level, finding] of [
    ['critical', /CAP_SYS_ADMIN/],
    ['critical', /^\/ of the host is at \/host$/],
    ['critical', /every device/],
    ['high', /pid namespace/],
    ['medium', /^\/etc of the host is at \/etc-of-host, read-only$/],
  ] as const)
    t.ok(
      risks.some((one) => one.level === level && finding.test(one.finding)),
      String(finding),
    )
  t.equal((await run('audit', 'gifts')).exitCode, 1, 'scripts can ask')
})

t.test('as strict as it gets', async (t) => {
  const strict = ['--cap-drop', 'ALL', '--user', '1000', '--security-opt', 'no-new-privileges']
  const limits = ['-m', '50m', '--pids-limit', '10', '--read-only', '--network', 'none']
  await ok('run', '-d', '--name', 'strict', ...strict, ...limits, 'host', 'sleep', '1000')
  const { facts, risks } = await audit('strict')
  t.match(facts, {
    capabilities: { effective: [], bounding: [], ambient: [] },
    noNewPrivileges: true,
    limits: { memory: 52_428_800, pids: 10 },
  })
  t.strictSame(risks, [])
})

t.test('refused: what does not run, and what is not there', async (t) => {
  await ok('create', '--name', 'idle', 'host', 'true')
  t.match(await run('audit', 'idle'), { exitCode: 125, stderr: /it is created.*Start it first/ })
  t.match(await run('audit', 'nope'), { exitCode: 125, stderr: /nope/ })
})

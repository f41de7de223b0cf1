import t from 'tap'
import { parseHealth } from '../../../../runtime/container/parse/health.ts'

t.test('nothing said leaves it to the image', async (t) => {
  t.equal(parseHealth({ noHealthcheck: false }), undefined)
})

const testOf = (command: string) => parseHealth({ noHealthcheck: false, command })?.test

t.test('a command goes to the shell, a JSON array does not', async (t) => {
  t.strictSame(testOf('curl -f localhost'), ['CMD-SHELL', 'curl -f localhost'])
  t.strictSame(testOf('["curl", "-f"]'), ['CMD', 'curl', '-f'])
  t.strictSame(testOf('["CMD-SHELL", "true"]'), ['CMD-SHELL', 'true'])
  t.strictSame(testOf('[ -f /ready ]'), ['CMD-SHELL', '[ -f /ready ]'])
})

t.test('durations become milliseconds', async (t) => {
  const health = parseHealth({
    noHealthcheck: false,
    interval: '5s',
    timeout: '1m',
    startPeriod: '0s',
  })
  t.match(health, { intervalMs: 5000, timeoutMs: 60_000, startPeriodMs: 0, disabled: false })
})

t.test('none disables', async (t) => {
  t.strictSame(parseHealth({ noHealthcheck: true }), { disabled: true })
  t.strictSame(parseHealth({ noHealthcheck: false, command: 'none' }), { disabled: true })
})

for (const flags of [
  { noHealthcheck: true, command: 'true' },
  { noHealthcheck: false, interval: '1us' },
  { noHealthcheck: false, interval: '-1s' },
  { noHealthcheck: false, retries: -1 },
  { noHealthcheck: false, onFailure: 'explode' },
]) {
  t.test(`rejects ${JSON.stringify(flags)}`, async (t) => {
    t.throws(() => parseHealth(flags), { code: 'INVALID_ARGUMENT' })
  })
}

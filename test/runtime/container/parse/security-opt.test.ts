import t from 'tap'
import { parseLogOptions } from '../../../../runtime/container/parse/log-options.ts'
import { parseSecurityOpts } from '../../../../runtime/container/parse/security-opt.ts'

t.test('every option', async (t) => {
  const values = [
    'no-new-privileges',
    'seccomp=unconfined',
    'apparmor:mine',
    'label=disable',
    'mask=/a:/b',
    'unmask=ALL',
    'systempaths=unconfined',
  ]
  t.strictSame(parseSecurityOpts(values), {
    noNewPrivileges: true,
    seccomp: 'unconfined',
    apparmor: 'mine',
    label: ['disable'],
    mask: ['/a', '/b'],
    unmask: ['ALL'],
    systemPathsUnconfined: true,
  })
})

for (const value of [
  '',
  'seccomp=',
  'frob=1',
  'mask=relative',
  'systempaths=x',
  'no-new-privileges=x',
]) {
  t.test(`rejects ${JSON.stringify(value)}`, async (t) => {
    t.throws(() => parseSecurityOpts([value]), { code: 'INVALID_ARGUMENT' })
  })
}

t.test('log options', async (t) => {
  t.match(parseLogOptions(undefined, ['max-size=10m', 'max-file=3', 'tag=x']), {
    driver: 'json-file',
    maxSize: 10_485_760,
    maxFiles: 3,
    other: { tag: 'x' },
  })
  t.throws(() => parseLogOptions('syslog', []), { code: 'INVALID_ARGUMENT' })
  t.throws(() => parseLogOptions(undefined, ['max-file=0']), { code: 'INVALID_ARGUMENT' })
  t.throws(() => parseLogOptions(undefined, ['max-sise=10m']), { code: 'INVALID_ARGUMENT' })
})

import { join } from 'node:path'
import t from 'tap'
import { startRegistry, testFolder } from './registry-process.ts'

t.setTimeout(180_000)

const badFlags: { title: string; flags: string[]; code: RegExp }[] = [
  { title: 'rules without users', flags: ['--access', '/dev/null'], code: /--htpasswd/ },
  {
    title: 'none with users',
    flags: ['--auth', 'none', '--htpasswd', '/dev/null'],
    code: /--auth none/,
  },
  { title: 'an unknown kind', flags: ['--auth', 'kerberos'], code: /kerberos/ },
  { title: 'a realm without keys', flags: ['--token-realm', 'https://x'], code: /--token-issuer/ },
  { title: 'a certificate without a key', flags: ['--tls-cert', '/dev/null'], code: /--tls-key/ },
  { title: 'an address that is none', flags: ['--addr', 'nonsense'], code: /nonsense/ },
  { title: 'a size that is none', flags: ['--quota', 'much'], code: /--quota/ },
]
for (const { title, flags, code } of badFlags)
  t.test(`refuses ${title}, in one line`, async (t) => {
    const started = startRegistry(t, join(testFolder(t), 'state'), flags)
    const error = await started.then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    t.match(error?.message, code)
    t.equal(error?.message.trim().split('\n').length, 1)
  })

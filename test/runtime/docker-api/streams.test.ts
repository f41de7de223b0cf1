import t from 'tap'
import { watchForKeys } from '../../../runtime/docker-api/detach-watch.ts'
import {
  compareVersions,
  matchRoute,
  splitVersion,
} from '../../../runtime/docker-api/match-route.ts'
import { streamFrame } from '../../../runtime/docker-api/stream-frame.ts'

t.test('keys that detach', async (t) => {
  const rows: readonly [string, readonly string[], string, boolean][] = [
    ['none of them', ['abc'], 'abc', false],
    ['both at once', ['ab\u0010\u0011c'], 'ab', true],
    ['in two pieces', ['a\u0010', '\u0011'], 'a', true],
    ['the first, then another', ['\u0010', 'x'], '\u0010x', false],
    ['the first twice', ['\u0010\u0010\u0011'], '\u0010', true],
  ]
  for (const [title, pieces, passed, isDetached] of rows) {
    const watch = watchForKeys([16, 17])
    const answers = pieces.map((piece) => watch.push(Buffer.from(piece)))
    t.equal(answers.map((answer) => answer.passed.toString()).join(''), passed, title)
    t.equal(answers.at(-1)?.isDetached, isDetached, title)
  }
})

t.test('a frame says which stream, and how long', async (t) => {
  t.equal(streamFrame('stderr', Buffer.from('abc')).toString('hex'), '0200000000000003616263')
})

t.test('paths', async (t) => {
  const handler = () => ({ status: 200 })
  const routes = [
    ['GET', '/images/json', handler],
    ['GET', '/images/**/json', handler],
    ['GET', '/containers/*/json', handler],
  ] as const
  t.match(splitVersion('/v1.41/images/json'), { version: '1.41', path: '/images/json' })
  t.match(splitVersion('/images/json'), { version: undefined, path: '/images/json' })
  t.match(matchRoute(routes, 'GET', '/images/a/b:c/json'), { parameters: ['a/b:c'] })
  t.match(matchRoute(routes, 'GET', '/containers/a%2Fb/json'), { parameters: ['a/b'] })
  t.equal(matchRoute(routes, 'POST', '/images/json'), 'wrong method')
  t.equal(matchRoute(routes, 'GET', '/containers/a/b/json'), undefined)
  t.equal(matchRoute(routes, 'GET', '/containers/%ff/json'), undefined, 'not UTF-8')
  t.ok(compareVersions('1.9', '1.41') < 0)
})

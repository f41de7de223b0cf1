import t from 'tap'
import {
  type Frame,
  encodeFrame,
  encodeOutput,
  engineFrame,
  frameReader,
  parseRequest,
} from '../../../runtime/resident-engine/frames.ts'

function requestBytes(counts: readonly number[], strings: readonly string[], end = '\0'): Buffer {
  const head = Buffer.alloc(16)
  for (const [at, count] of counts.entries()) head.writeUInt32LE(count, at * 4)
  head.writeUInt16LE(24, 12)
  head.writeUInt16LE(80, 14)
  return Buffer.concat([head, Buffer.from(strings.join('\0') + end)])
}

t.test('a request', async (t) => {
  const strings = [
    '/home',
    '/package',
    'mycontainer',
    'run',
    '',
    'é',
    'A=1=2',
    'A=2',
    '__proto__=x',
    'broken',
  ]
  const request = parseRequest(requestBytes([4, 4, 3], strings))
  t.same(request.argv, ['run', '', 'é'])
  t.match(request, {
    program: 'mycontainer',
    packageFolder: '/package',
    cwd: '/home',
    stdinIsTty: true,
    stdoutIsTty: true,
    stderrIsTty: false,
    rows: 24,
    columns: 80,
  })
  t.same(
    Object.entries(request.env),
    [
      ['A', '1=2'],
      ['__proto__', 'x'],
    ],
    'the first one counts',
  )
})

t.test('requests that nobody honest sends', async (t) => {
  const strings = ['/', '/p', 'mycontainer', 'ps', 'A=1']
  const rows: [string, Buffer][] = [
    ['empty', Buffer.alloc(0)],
    ['half a head', Buffer.alloc(15)],
    ['no strings', Buffer.alloc(16)],
    ['more arguments than there are', requestBytes([3, 1, 0], strings)],
    ['fewer', requestBytes([1, 1, 0], strings)],
    ['a count that wraps', requestBytes([0xffff_ffff, 4, 0], strings)],
    ['no program', requestBytes([0, 3, 0], strings)],
    ['the last string without its end', requestBytes([2, 1, 0], strings, '')],
    ['a relative folder', requestBytes([2, 1, 0], ['home', ...strings.slice(1)])],
  ]
  for (const [title, bytes] of rows)
    t.throws(() => parseRequest(bytes), { code: 'PROTOCOL' }, title)
})

function readAll(bytes: Buffer, pieces: number): Frame[] {
  const frames: Frame[] = []
  const read = frameReader(({ type, payload }) =>
    frames.push({ type, payload: Buffer.from(payload) }),
  )
  for (let at = 0; at < bytes.length; at += pieces) read(bytes.subarray(at, at + pieces))
  return frames
}

t.test('frames in pieces of any size', async (t) => {
  const wanted = [
    { type: engineFrame.request, payload: Buffer.from('request') },
    { type: engineFrame.inputEnd, payload: Buffer.alloc(0) },
    { type: engineFrame.input, payload: Buffer.alloc(5000, 7) },
  ]
  const bytes = Buffer.concat(wanted.map(({ type, payload }) => encodeFrame(type, payload)))
  for (const pieces of [1, 7, 8, 9, 4096, bytes.length])
    t.same(readAll(bytes, pieces), wanted, `${pieces} bytes at a time`)
  t.same(
    readAll(bytes.subarray(0, -1), 64),
    wanted.slice(0, 2),
    'cut off: the last one never comes',
  )
})

t.test('frames that are too long', async (t) => {
  const head = (type: number, length: number): Buffer => {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt8(type)
    bytes.writeUInt32LE(length, 4)
    return bytes
  }
  const rows: [string, Buffer][] = [
    ['a request', head(engineFrame.request, 4 * 1024 * 1024 + 1)],
    ['all bits', head(engineFrame.request, 0xffff_ffff)],
    ['input', head(engineFrame.input, 64 * 1024 + 1)],
  ]
  for (const [title, bytes] of rows) t.throws(() => readAll(bytes, 8), { code: 'PROTOCOL' }, title)
})

t.test('output is cut to what a client has room for', async (t) => {
  const data = Buffer.alloc(150_000, 'x')
  const frames = encodeOutput(engineFrame.out, data)
  t.same(
    frames.map(({ length }) => length - 8),
    [65_536, 65_536, 18_928],
  )
  t.same(encodeOutput(engineFrame.out, Buffer.alloc(0)), [])
})

import { existsSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { makeFolder, runContainer, until } from './container-run.ts'
import { writeFileSync } from 'node:fs'
import { recordType } from './zygote-client.ts'

const jsonFile = 1
const cri = 2
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?Z/

/** The log of a container that copies these bytes to its standard output. */
async function logOf(t: Test, bytes: Uint8Array, logFormat: number): Promise<string> {
  const input = join(makeFolder(t), 'input')
  writeFileSync(input, bytes)
  const run = runContainer(t, { argv: ['/bin/cat', input], logName: 'log', monitor: { logFormat } })
  await run.ended()
  return readFileSync(join(run.folder, 'log'), 'latin1')
}

/** Every timestamp replaced by T, after a check of its form. */
function withoutTimes(log: string): string {
  return log.replaceAll(new RegExp(time, 'g'), 'T')
}

const entry = (text: string): string => `{"log":"${text}","stream":"stdout","time":"T"}\n`

t.test('json-file: exact bytes', async (t) => {
  const rows: { title: string; input: string | Uint8Array; log: string }[] = [
    { title: 'a line', input: 'hello\n', log: entry('hello\\n') },
    { title: 'two lines', input: 'a\nb\n', log: entry('a\\n') + entry('b\\n') },
    { title: 'an empty line', input: '\n', log: entry('\\n') },
    { title: 'a last line without its end', input: 'x\ny', log: entry('x\\n') + entry('y') },
    { title: 'quotes and backslashes', input: '"\\\n', log: entry('\\"\\\\\\n') },
    {
      title: 'controls',
      input: '\t\r\x01\x1b\x7f\n',
      log: entry('\\u0009\\r\\u0001\\u001b\x7f\\n'),
    },
    { title: 'HTML', input: '<&>\n', log: entry('\\u003c\\u0026\\u003e\\n') },
    { title: 'NUL', input: 'a\0b\n', log: entry('a\\u0000b\\n') },
    { title: 'UTF-8', input: 'é€😀\n', log: entry(Buffer.from('é€😀').toString('latin1') + '\\n') },
    { title: 'line separators', input: '\u2028\u2029\n', log: entry('\\u2028\\u2029\\n') },
    { title: 'a stray byte', input: Uint8Array.of(0x61, 0xff, 0x0a), log: entry('a\\ufffd\\n') },
    {
      title: 'a cut sequence',
      input: Uint8Array.of(0xe2, 0x82, 0x0a),
      log: entry('\\ufffd\\ufffd\\n'),
    },
    { title: 'overlong', input: Uint8Array.of(0xc0, 0xaf, 0x0a), log: entry('\\ufffd\\ufffd\\n') },
    {
      title: 'a surrogate',
      input: Uint8Array.of(0xed, 0xa0, 0x80, 0x0a),
      log: entry('\\ufffd\\ufffd\\ufffd\\n'),
    },
    { title: 'nothing', input: '', log: '' },
  ]
  for (const { title, input, log } of rows)
    t.equal(withoutTimes(await logOf(t, Buffer.from(input), jsonFile)), log, title)
})

t.test('long lines come in pieces of 16 KiB', async (t) => {
  const piece = 'a'.repeat(16_384)
  const rows = [
    {
      title: 'longer',
      input: `${piece}bc\n`,
      json: entry(piece) + entry('bc\\n'),
      cri: `T stdout P ${piece}\nT stdout F bc\n`,
    },
    {
      title: 'exactly',
      input: `${piece}\n`,
      json: entry(piece) + entry('\\n'),
      cri: `T stdout P ${piece}\nT stdout F \n`,
    },
    {
      title: 'one less',
      input: `${piece.slice(1)}\n`,
      json: entry(`${piece.slice(1)}\\n`),
      cri: `T stdout F ${piece.slice(1)}\n`,
    },
    {
      title: 'no end',
      input: 'x'.repeat(40_000),
      json: entry('x'.repeat(16_384)).repeat(2) + entry('x'.repeat(7232)),
      cri: `${`T stdout P ${'x'.repeat(16_384)}\n`.repeat(2)}T stdout P ${'x'.repeat(7232)}\n`,
    },
  ]
  for (const row of rows) {
    t.ok(
      withoutTimes(await logOf(t, Buffer.from(row.input), jsonFile)) === row.json,
      `${row.title}, json-file`,
    )
    t.ok(withoutTimes(await logOf(t, Buffer.from(row.input), cri)) === row.cri, `${row.title}, CRI`)
  }
})

t.test('json-file: the pieces of a line have the time of the first', async (t) => {
  const log = await logOf(t, Buffer.from(`${'a'.repeat(200_000)}\n`), jsonFile)
  const times = new Set(
    log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).time),
  )
  t.equal(times.size, 1)
})

t.test('CRI keeps the bytes as they are', async (t) => {
  const bytes = Buffer.from([0x22, 0xff, 0x09, 0x5c, 0x0a])
  t.equal(withoutTimes(await logOf(t, bytes, cri)), 'T stdout F "\xff\t\\\n')
})

t.test('a full log is renamed, and only so many are kept', async (t) => {
  const rows = [
    { files: 3, names: ['log', 'log.1', 'log.2'] },
    { files: 1, names: ['log'] },
  ]
  for (const { files, names } of rows) {
    const script = 'i=0; while [ $i -lt 400 ]; do echo "line $i"; i=$((i+1)); done'
    const run = runContainer(t, {
      argv: ['/bin/sh', '-c', script],
      logName: 'log',
      monitor: { logFormat: cri, logSize: 2000, logFiles: files },
    })
    await run.ended()
    t.same(
      readdirSync(run.folder)
        .filter((name) => name.startsWith('log'))
        .toSorted(),
      names,
    )
    const text = names
      .toReversed()
      .map((name) => readFileSync(join(run.folder, name), 'utf8'))
      .join('')
    const numbers = [...text.matchAll(/ F line (\d+)$/gm)].map((match) => Number(match[1]))
    t.equal(numbers.at(-1), 399, 'up to the last line')
    t.ok(
      numbers.every((number, index) => index === 0 || number === (numbers[index - 1] ?? 0) + 1),
      'no gap',
    )
    for (const name of names)
      t.ok(statSync(join(run.folder, name)).size < 2100, `${name} is not too long`)
  }
})

t.test('LOG_REOPEN goes on in a new file', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/sh', '-c', 'echo one; read x; echo two'],
    logName: 'log',
    monitor: { logFormat: cri, flags: 2 },
  })
  await run.zygote.next(recordType.exec)
  await until(() => run.read('log').includes('one'))
  renameSync(join(run.folder, 'log'), join(run.folder, 'old'))
  const socket = connect(join(run.folder, 'attach'))
  socket.resume()
  // ATTACH with stdin, LOG_REOPEN, then a line of stdin.
  socket.write(
    Buffer.from([
      1, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 10,
    ]),
  )
  await run.ended()
  socket.destroy()
  t.match(withoutTimes(run.read('old')), /^T stdout F one\n$/)
  t.match(withoutTimes(run.read('log')), /^T stdout F two\n$/)
})

t.test('a full disk loses lines, never the container', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x; echo; exit 6'],
    logName: 'log',
    outer: (a) => {
      // The log's name leads to a device that is always full.
      a.sys(process.arch === 'arm64' ? 33 : 259, [
        { kind: 1, value: 6 },
        { kind: 2, value: a.string('log') },
        0o20666,
        0x107,
      ])
    },
    monitor: { logFormat: cri },
  })
  t.equal((await run.ended()).value, 6)
  t.ok(existsSync(join(run.folder, 'exit')))
})

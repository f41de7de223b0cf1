import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ociBench } from './oci-bench.ts'

// A program that is there when the container is created, and that the kernel does not execute when it is started: by then
// only the container itself can say why. Each with what engines look for, then the cause and the cure.

const { bundle, run, rootfs } = ociBench(t)
const folder = join(rootfs, 'opt')
mkdirSync(folder)

function add(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content, { mode: 0o755 })
  return `/opt/${name}`
}

/** A program of this host; the container has no loader for it. */
function dynamic(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const path = join(folder, 'copy')
  copyFileSync('/usr/bin/env', path)
  chmodSync(path, 0o755)
  const bytes = readFileSync(path)
  change(bytes)
  return bytes
}

const elfMachineOffset = 18
const foreignMachine = 2 // EM_SPARC

const rows: [title: string, path: string, code: number, says: RegExp][] = [
  [
    'carriage return',
    add('crlf', '#!/bin/sh\r\necho\r\n'),
    127,
    /no such file or directory: .*carriage return.*dos2unix/,
  ],
  [
    'interpreter',
    add('python', '#! /usr/bin/python3 -u\n'),
    127,
    /no such file or directory: its interpreter \/usr\/bin\/python3 is not .*Install/,
  ],
  [
    'loader',
    add('dynamic', dynamic()),
    127,
    /no such file or directory: its loader \/\S*ld\S* is not .*C library/,
  ],
  [
    'architecture',
    add(
      'foreign',
      dynamic((bytes) => bytes.writeUInt16LE(foreignMachine, elfMachineOffset)),
    ),
    126,
    /exec format error: .*another processor\. Use an image/,
  ],
  ['nothing', add('empty', ''), 126, /exec format error: it is empty\. Copy/],
  ['a text', add('text', 'echo hello\n'), 126, /exec format error: .*#!\/bin\/sh/],
  ['no name', add('nameless', '#!\n'), 126, /exec format error: .*names no interpreter\. Name one/],
  [
    'half a program',
    add('half', dynamic().subarray(0, 70)),
    126,
    /exec format error: it is damaged/,
  ],
]

for (const [title, path, code, says] of rows)
  t.test(title, async (t) => {
    const changed = bundle((config) => (config.process.args = [path]))
    const result = run(['run', '--bundle', changed, `failed-${title.replaceAll(' ', '-')}`])
    t.equal(result.code, code, result.stderr)
    t.match(result.stderr, says)
    t.match(result.stderr, `exec ${path}: `)
    t.equal(result.stderr.trimEnd().split('\n').length, 1, 'one line')
  })

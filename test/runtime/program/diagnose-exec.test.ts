import t from 'tap'
import { diagnoseExec, readLoader, readShebang } from '../../../runtime/program/diagnose-exec.ts'
import type { ExecFacts } from '../../../runtime/program/diagnose-exec.ts'

function facts(changes: Partial<ExecFacts>): ExecFacts {
  return {
    kind: 'file',
    head: new Uint8Array(0),
    mode: 0o755,
    uid: 0,
    gid: 0,
    isNoexec: false,
    architecture: 'x86_64',
    exists: () => false,
    ...changes,
  }
}

/** The beginning of an ELF file with one PT_INTERP header. */
function elf(machine: number, loader?: string): Uint8Array {
  const bytes = Buffer.alloc(256)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  bytes.writeUInt16LE(machine, 18)
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(56, 54)
  if (loader === undefined) return bytes
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt32LE(3, 64)
  bytes.writeBigUInt64LE(128n, 72)
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), 96)
  bytes.write(loader, 128)
  return bytes
}

const text = (value: string): Uint8Array => Buffer.from(value)

const rows: readonly {
  name: string
  errno: string
  facts?: ExecFacts
  cause: RegExp
  searched?: boolean
}[] = [
  { name: 'nothing in PATH', errno: 'ENOENT', searched: true, cause: /not found in PATH/ },
  {
    name: 'nothing at the path',
    errno: 'ENOENT',
    facts: facts({ kind: 'missing' }),
    cause: /no such file/,
  },
  {
    name: 'a missing interpreter',
    errno: 'ENOENT',
    facts: facts({ head: text('#!/usr/bin/python3\n') }),
    cause: /interpreter \/usr\/bin\/python3 .* not in the image/,
  },
  {
    name: 'a carriage return',
    errno: 'ENOENT',
    facts: facts({ head: text('#!/bin/sh\r\necho\r\n') }),
    cause: /carriage return/,
  },
  {
    name: 'an empty interpreter line',
    errno: 'ENOENT',
    facts: facts({ head: text('#!\n') }),
    cause: /names no interpreter/,
  },
  {
    name: 'another architecture',
    errno: 'ENOEXEC',
    facts: facts({ head: elf(183) }),
    cause: /built for aarch64, this machine is x86_64/,
  },
  {
    name: 'a missing loader',
    errno: 'ENOENT',
    facts: facts({ head: elf(62, '/lib/ld-musl-x86_64.so.1') }),
    cause: /loader \/lib\/ld-musl-x86_64.so.1/,
  },
  {
    name: 'no execute permission',
    errno: 'EACCES',
    facts: facts({ mode: 0o644 }),
    cause: /no execute permission \(mode 644\)/,
  },
  {
    name: 'not for this user',
    errno: 'EACCES',
    facts: facts({ mode: 0o700, user: { uid: 5, gids: [5] } }),
    cause: /by user 5/,
  },
  { name: 'a noexec mount', errno: 'EACCES', facts: facts({ isNoexec: true }), cause: /noexec/ },
  {
    name: 'a directory',
    errno: 'EACCES',
    facts: facts({ kind: 'directory' }),
    cause: /is a directory/,
  },
  { name: 'an empty file', errno: 'ENOEXEC', facts: facts({}), cause: /is empty/ },
  {
    name: 'a text without interpreter',
    errno: 'ENOEXEC',
    facts: facts({ head: text('echo hi\n') }),
    cause: /without an interpreter line/,
  },
  {
    name: 'an unknown format',
    errno: 'ENOEXEC',
    facts: facts({ head: new Uint8Array([1, 0, 2]) }),
    cause: /format/,
  },
  {
    name: 'a program cut off',
    errno: 'ENOEXEC',
    facts: facts({ head: elf(62).slice(0, 20) }),
    cause: /cut off/,
  },
  {
    name: 'a header table outside of what was read',
    errno: 'ENOENT',
    facts: facts({ head: elf(62, '/x').slice(0, 100) }),
    cause: /no such file/,
  },
]

for (const { name, errno, facts: found, cause, searched = false } of rows)
  t.test(name, async (t) => {
    const path = searched ? undefined : '/bin/x'
    const diagnosis = diagnoseExec({ name: 'x', path, errno, searched, facts: found })
    t.match(diagnosis.cause, cause)
    t.not(diagnosis.hint, '')
  })

t.test('reads interpreter lines', async (t) => {
  t.same(readShebang(text('#! /bin/sh -e\n')), { interpreter: '/bin/sh', hasCarriageReturn: false })
  t.equal(readShebang(text('no')), undefined)
})

t.test('a static program has no loader', async (t) => {
  t.equal(readLoader(elf(62)), undefined)
})

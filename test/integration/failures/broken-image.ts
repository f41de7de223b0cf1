import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** A root file system in which most programs are broken, each in a way of its own. */
export function makeBrokenImage(rootfs: string): void {
  const put = (path: string, content: string | Uint8Array, mode = 0o755): void => {
    writeFileSync(join(rootfs, path), content)
    chmodSync(join(rootfs, path), mode)
  }
  for (const folder of ['bin', 'etc', 'opt/folder', 'mnt', 'secret', 'dev', 'proc', 'sys', 'tmp'])
    mkdirSync(join(rootfs, folder), { recursive: true })
  chmodSync(rootfs, 0o755)
  chmodSync(join(rootfs, 'secret'), 0o700)
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim()
  copyFileSync(busybox, join(rootfs, 'bin/busybox'))
  for (const name of ['sh', 'sleep', 'true']) symlinkSync('busybox', join(rootfs, 'bin', name))
  put('etc/passwd', 'root:x:0:0::/root:/bin/sh\n', 0o644)
  put('etc/group', 'root:x:0:\n', 0o644)
  putScripts(put)
  putPrograms(put)
  symlinkSync('loop', join(rootfs, 'opt/loop'))
  symlinkSync('nowhere', join(rootfs, 'opt/dangling'))
  execFileSync('mkfifo', [join(rootfs, 'opt/fifo')])
}

type Put = (path: string, content: string | Uint8Array, mode?: number) => void

function putScripts(put: Put): void {
  put('opt/crlf', '#!/bin/sh\r\necho\r\n')
  put('opt/crlf-env', '#!/usr/bin/env sh\r\necho\r\n')
  put('opt/python', '#!/usr/bin/python3\n')
  put('opt/nameless', '#!\n')
  put('opt/text', 'echo no interpreter line\n')
  put('opt/empty', '')
  put('opt/garbage', new Uint8Array(600))
  put('opt/plain', '#!/bin/sh\n', 0o644)
  put('opt/roots', '#!/bin/sh\n', 0o700)
  put('secret/program', '#!/bin/sh\n')
  put('opt/interpreter', 'x', 0o644)
  put('opt/indirect', '#!/opt/interpreter\n')
  put('bin/denied', '#!/bin/sh\n', 0o644)
}

function putPrograms(put: Put): void {
  const dynamic = readFileSync('/bin/ls')
  put('opt/dynamic', dynamic)
  put('opt/musl', withInterpreter(dynamic, '/lib/ld-musl-x86_64.so.1'))
  const foreign = readFileSync('/bin/busybox')
  foreign.writeUInt16LE(foreign.readUInt16LE(18) === 183 ? 62 : 183, 18)
  put('opt/foreign', foreign)
  put('opt/cut', dynamic.subarray(0, 40))
}

/** The same program asking for another loader. */
function withInterpreter(program: Buffer, path: string): Buffer {
  const changed = Buffer.from(program)
  const at = changed.indexOf('/lib')
  const end = changed.indexOf(0, at)
  changed.fill(0, at, end)
  changed.write(path.slice(0, end - at), at)
  return changed
}

/** Files of the host that cases name: wrong ones too. */
export function makeHostFiles(folder: string): void {
  const put = (name: string, content: string): void => writeFileSync(join(folder, name), content)
  put('long.env', `LONG=${'x'.repeat(200_000)}\n`)
  put('blank.env', 'GOOD=1\na b=1\n')
  put('broken.json', '{"defaultAction": "SCMP_ACT_ALLOW",')
  put('action.json', '{"defaultAction":"SCMP_ACT_FORBID","syscalls":[]}')
  put('file', 'a file\n')
  mkdirSync(join(folder, 'programs'))
  writeFileSync(join(folder, 'programs/script'), '#!/bin/sh\r\necho\r\n', { mode: 0o755 })
  writeFileSync(join(folder, 'programs/fine'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
}

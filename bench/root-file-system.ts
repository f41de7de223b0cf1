import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const applets = ['sh', 'true', 'sleep', 'cat', 'echo', 'ls']

/** The root file system of every container measured: a static busybox and what a program expects. */
export function makeRootFileSystem(folder: string, busybox: string): void {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp'])
    mkdirSync(join(folder, name), { recursive: true })
  copyFileSync(busybox, join(folder, 'bin/busybox'))
  for (const applet of applets) symlinkSync('busybox', join(folder, 'bin', applet))
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\n')
}

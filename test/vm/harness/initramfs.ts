import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { encodeCpio, type CpioEntry } from './cpio.ts'

const FOLDER = 0o040755
const PROGRAM = 0o100755
const FILE = 0o100644

/** First program of the guest: load modules, mount the disk, go on there. */
const init = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
while read -r module; do
  /bin/busybox insmod "/modules/$module" || echo "insmod $module failed"
done < /modules/order
while [ ! -b /dev/vda ]; do /bin/busybox usleep 20000; done
/bin/busybox mount -t ext4 /dev/vda /root
/bin/busybox umount /proc
exec /bin/busybox switch_root /root /vm/init
`

/**
 * The initramfs of a guest: static busybox, the modules and a script that switches to /dev/vda.
 *
 * @param modules paths of module files in loading order
 * @param busybox path of a static one, for the machine that boots
 * @returns the archive, not compressed
 */
export function makeInitramfs(
  modules: readonly string[],
  busybox: string = '/bin/busybox',
): Buffer {
  const names = modules.map((path) => basename(path))
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'proc', 'root', 'modules'].map((path) => ({ path, mode: FOLDER })),
    { path: 'bin/busybox', mode: PROGRAM, content: readFileSync(busybox) },
    { path: 'init', mode: PROGRAM, content: Buffer.from(init) },
    { path: 'modules/order', mode: FILE, content: Buffer.from(`${names.join('\n')}\n`) },
    ...modules.map((path) => ({
      path: `modules/${basename(path)}`,
      mode: FILE,
      content: readFileSync(path),
    })),
  ]
  return encodeCpio(entries)
}

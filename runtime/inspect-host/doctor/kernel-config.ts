import { gunzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { readTextOf } from './probe-host.ts'

/**
 * Options of the running kernel (`y` or `m`), from /proc/config.gz or /boot.
 *
 * @returns undefined where the kernel's configuration is not to be had
 */
export function readKernelConfig(release: string): ReadonlyMap<string, string> | undefined {
  const text = readCompressed('/proc/config.gz') || readTextOf(`/boot/config-${release}`)
  if (text === '') return undefined
  const options = new Map<string, string>()
  for (const found of text.matchAll(/^CONFIG_(\w+)=([ym])$/gm))
    options.set(found[1] ?? '', found[2] ?? '')
  return options
}

function readCompressed(path: string): string {
  try {
    return gunzipSync(readFileSync(path)).toString()
  } catch {
    return ''
  }
}

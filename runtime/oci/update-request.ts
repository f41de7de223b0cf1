import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { CgroupResources } from '../cgroup/resources.ts'
import type { ParsedFlags } from '../cli/parsed-flags.ts'
import { parseJson } from '../spec/json.ts'
import { requireValid } from '../spec/problem.ts'
import { resourcesSchema } from '../spec/resources.ts'

/** `--resources FILE`: a linux.resources section. @throws {OperationError} `NOT_FOUND`, `INVALID_SPEC` */
export function readResourcesFile(path: string): CgroupResources {
  let text: string
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read the resources', { path }, { cause })
  }
  return requireValid(
    withoutEmptyNames(parseJson(text, { what: path })),
    resourcesSchema(),
    [],
    `check ${path}`,
  )
}

/** Engines written in Go leave lists of CPUs that were not given as empty texts. */
function withoutEmptyNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('cpu' in value)) return value
  const { cpu } = value
  if (typeof cpu !== 'object' || cpu === null) return value
  return { ...value, cpu: Object.fromEntries(Object.entries(cpu).filter(([, one]) => one !== '')) }
}

/** @throws {OperationError} `INVALID_ARGUMENT` for a size that cannot be read */
export function resourcesFromFlags(flags: ParsedFlags): CgroupResources {
  const size = (name: string): number | undefined => readSize(name, flags.string(name))
  const number = (name: string): number | undefined => flags.number(name)
  const pids = number('pids-limit')
  const weight = number('blkio-weight')
  return {
    memory: {
      limit: size('memory'),
      reservation: size('memory-reservation'),
      swap: size('memory-swap'),
      kernelTCP: size('kernel-memory-tcp'),
    },
    cpu: {
      shares: number('cpu-share'),
      quota: number('cpu-quota'),
      burst: number('cpu-burst'),
      period: number('cpu-period'),
      realtimePeriod: number('cpu-rt-period'),
      realtimeRuntime: number('cpu-rt-runtime'),
      idle: number('cpu-idle'),
      cpus: flags.string('cpuset-cpus'),
      mems: flags.string('cpuset-mems'),
    },
    pids: pids === undefined ? undefined : { limit: pids },
    blockIO: weight === undefined ? undefined : { weight },
  }
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}

function readSize(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === '-1') return -1
  const match = /^(\d{1,15}(?:\.\d{1,6})?)([bkmgt]?)(?:i?b)?$/i.exec(text)
  const unit = units[match?.[2]?.toLowerCase() ?? '']
  if (match && unit !== undefined) return Math.floor(Number(match[1]) * unit)
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid value ${JSON.stringify(text)} for --${name}`,
    {},
    { hint: 'Give bytes, or a number with k, m or g' },
  )
}

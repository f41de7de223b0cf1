import { OperationError } from '../../native/error.ts'
import { parseDuration } from '../build/dockerfile/duration.ts'
import type { RegistrySettings } from './registry.ts'

/** Flags of `myimage serve` as the command line gives them. */
export interface ServeFlags {
  readonly addr: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly auth?: string
  readonly htpasswd?: string
  readonly access?: string
  readonly anonymousPull?: true
  readonly tokenRealm?: string
  readonly tokenService: string
  readonly tokenIssuer?: string
  readonly tokenKey?: string
  readonly externalUrl?: string
  readonly readOnly?: true
  readonly delete: boolean
  readonly shareLocalImages?: true
  readonly quota?: string
  readonly repositoryQuota?: string
  readonly uploadsPerMinute?: string
  readonly uploadTimeout: string
  readonly gcInterval: string
  readonly gcGrace: string
  readonly untaggedAfter?: string
  readonly metricsAddr?: string
  readonly metrics: boolean
  readonly accessLog: string
  readonly shutdownGrace: string
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function readSettings(flags: ServeFlags): RegistrySettings {
  const { quota, repositoryQuota, uploadsPerMinute, untaggedAfter } = flags
  return {
    readOnly: flags.readOnly ?? false,
    deleteEnabled: flags.delete,
    sharesLocalImages: flags.shareLocalImages ?? false,
    totalQuota: quota === undefined ? undefined : readSize('--quota', quota),
    repositoryQuota:
      repositoryQuota === undefined ? undefined : readSize('--repository-quota', repositoryQuota),
    uploadsPerMinute:
      uploadsPerMinute === undefined
        ? undefined
        : readCount('--uploads-per-minute', uploadsPerMinute),
    uploadLifetimeMs: readDuration('--upload-timeout', flags.uploadTimeout),
    blobGraceMs: readDuration('--gc-grace', flags.gcGrace),
    untaggedLifetimeMs:
      untaggedAfter === undefined ? undefined : readDuration('--untagged-after', untaggedAfter),
  }
}

const nanosecondsPerMs = 1_000_000

/** A duration such as "90s", "10m" or "1h30m", in ms. @throws {OperationError} `INVALID_ARGUMENT` */
export function readDuration(flag: string, text: string): number {
  if (text === '0') return 0
  const parsed = parseDuration(text)
  if (parsed !== undefined && parsed >= 0) return parsed / nanosecondsPerMs
  throw invalid(flag, text, 'Write a duration such as 30s, 10m or 24h')
}

const units = 'kmgt'

/** Bytes of "500M", "1.5G" (powers of 1024). @throws {OperationError} `INVALID_ARGUMENT` */
export function readSize(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text)
  if (!match) throw invalid(flag, text, 'Write a size such as 500M or 20G')
  const [, number = '', unit = ''] = match
  const power = unit === '' ? 0 : units.indexOf(unit.toLowerCase()) + 1
  return Math.floor(Number(number) * 1024 ** power)
}

function readCount(flag: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw invalid(flag, text, 'Write a number above 0')
}

function invalid(flag: string, text: string, hint: string): OperationError {
  const detail = { flag, value: text.slice(0, 100) }
  return new OperationError('INVALID_ARGUMENT', 'read the flags of serve', detail, { hint })
}

import { formatPlatform } from '../../copy/choose-platform.ts'
import { OperationError } from '../../../native/error.ts'

/** Names as Go and the OCI image specification have them. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | undefined
}

const aliases: Readonly<Record<string, Pick<Platform, 'architecture' | 'variant'>>> = {
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  i386: { architecture: '386' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
}

/** Read "linux/arm64", "arm/v7", "amd64", … @throws {OperationError} `INVALID_ARGUMENT` */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/')
  const hasOs =
    parts.length > 1 && !/^(?:amd64|arm|arm64|386|riscv64|ppc64le|s390x)$/.test(parts[0] ?? '')
  const [name = '', variant] = hasOs ? parts.slice(1) : parts
  const isNamed = parts.every((part) => /^[a-z0-9][a-z0-9_.-]*$/.test(part)) && parts.length <= 3
  if (!isNamed || (parts[0] !== 'linux' && hasOs))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read a platform',
      { platform: text, expected: 'linux/amd64, linux/arm64 or another linux/…' },
      { exitCode: 1 },
    )
  const known = Object.hasOwn(aliases, name) ? aliases[name] : undefined
  const architecture = known?.architecture ?? name
  // arm64/v8 is what arm64 means.
  const plain = architecture === 'arm64' && variant === 'v8' ? undefined : variant
  const found = plain ?? known?.variant ?? (architecture === 'arm' ? 'v7' : undefined)
  return { os: 'linux', architecture, ...(found === undefined ? {} : { variant: found }) }
}

/** Variables that say what is built and where: TARGETPLATFORM, BUILDARCH, … */
export function platformVariables(target: Platform, build: Platform): Map<string, string> {
  const variables = new Map<string, string>()
  for (const [prefix, platform] of [
    ['BUILD', build],
    ['TARGET', target],
  ] as const) {
    variables.set(`${prefix}PLATFORM`, formatPlatform(platform))
    variables.set(`${prefix}OS`, platform.os)
    variables.set(`${prefix}OSVERSION`, '')
    variables.set(`${prefix}ARCH`, platform.architecture)
    variables.set(`${prefix}VARIANT`, platform.variant ?? '')
  }
  return variables
}

import type { Architecture } from '../../native/syscall-numbers/number.ts'

/** What was found about the file that could not be executed; whoever has file access collects it. */
export interface ExecFacts {
  /** What lies at the path in the container; `missing` where nothing does. */
  readonly kind: 'file' | 'directory' | 'missing' | 'other'
  /** What the symbolic link at the path says, where it leads to nothing. */
  readonly danglingTo?: string | undefined
  /** First bytes of the file (4 KiB are enough). */
  readonly head: Uint8Array
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** The mount it lies on has noexec. */
  readonly isNoexec: boolean
  /** Who was to execute it. */
  readonly user?: { readonly uid: number; readonly gids: readonly number[] }
  /** Architecture of this machine. */
  readonly architecture: Architecture
  /** Whether an absolute path exists in the container: asked for interpreters and loaders. */
  readonly exists: (path: string) => boolean
  /** Whether `user` has execute permission for a file: asked for interpreters. */
  readonly isExecutable?: ((path: string) => boolean) | undefined
  /** A folder above the file that `user` may not enter. */
  readonly closedFolder?: string | undefined
}

export interface ExecDiagnosis {
  /** One phrase: what is wrong. */
  readonly cause: string
  /** One sentence: what to do. */
  readonly hint: string
}

export interface ExecFailure {
  /** First argument, as the user wrote it. */
  readonly name: string
  /** The path that was tried; undefined after a search. */
  readonly path: string | undefined
  /** Errno name of the execve. */
  readonly errno: string
  /** It was looked for in PATH. */
  readonly searched: boolean
  readonly facts?: ExecFacts | undefined
}

/**
 * Why a program could not be executed. The kernel answers ENOENT for a missing interpreter as for
 * a missing program, and EACCES for four different things; the file itself tells which.
 */
export function diagnoseExec(failure: ExecFailure): ExecDiagnosis {
  const { facts } = failure
  const shown = failure.path ?? failure.name
  if (facts?.danglingTo !== undefined) return diagnoseLink(failure, shown, facts.danglingTo)
  if (facts === undefined || facts.kind === 'missing') return diagnoseByErrno(failure, shown)
  if (facts.kind === 'directory')
    return { cause: `${shown} is a directory`, hint: `Name a program inside ${shown}` }
  if (facts.kind === 'other')
    return {
      cause: `${shown} is neither a file nor a directory`,
      hint: 'Name a regular executable file',
    }
  if (failure.errno === 'EACCES' || failure.errno === 'EPERM')
    return diagnosePermission(shown, facts)
  return diagnoseContent(shown, facts) ?? diagnoseByErrno(failure, shown)
}

function diagnoseLink({ errno }: ExecFailure, shown: string, target: string): ExecDiagnosis {
  return {
    cause:
      errno === 'ELOOP'
        ? `${shown} is a symbolic link to ${target}, which leads back to it`
        : `${shown} is a symbolic link to ${target}, which is not in the image`,
    hint: `Point it to a program of the image, or add ${target}`,
  }
}

function diagnoseByErrno(
  { name, errno, searched, facts }: ExecFailure,
  shown: string,
): ExecDiagnosis {
  switch (errno) {
    case 'ENOENT':
      return searched
        ? {
            cause: `${name}: not found in PATH`,
            hint: `Is "${name}" installed in the image, and its folder in PATH? Give its full path otherwise`,
          }
        : {
            cause:
              facts?.kind === 'missing'
                ? `${shown}: no such file in the container`
                : `${shown}: no such file, or its interpreter or loader is missing`,
            hint: 'Check the path inside the image; an entry point of the image is replaced by --entrypoint',
          }
    case 'ENOTDIR':
      return {
        cause: `${shown}: a part of the path is a file`,
        hint: 'Check the path inside the image',
      }
    case 'EACCES':
      return {
        cause: `${shown}: permission denied`,
        hint: `Make it executable (chmod +x ${shown}) and check that the user may enter its folder`,
      }
    case 'ENOEXEC':
      return {
        cause: `${shown}: the kernel does not know its format`,
        hint: 'A script needs "#!/bin/sh" as its first line; a program must be built for this machine',
      }
    case 'E2BIG':
      return {
        cause: 'the arguments and the environment are too long',
        hint: 'Pass less through the command line and the environment',
      }
    case 'ENOMEM':
      return {
        cause: 'not enough memory to start the program',
        hint: 'Raise the memory limit (-m)',
      }
    case 'ETXTBSY':
      return { cause: `${shown} is being written to`, hint: 'Wait until the writer has closed it' }
    default:
      return { cause: `${shown}: ${errno}`, hint: 'See execve(2) for the meaning of this error' }
  }
}

function diagnosePermission(path: string, facts: ExecFacts): ExecDiagnosis {
  if (facts.isNoexec)
    return {
      cause: `${path} lies on a mount with the option noexec`,
      hint: 'Mount it with "exec", or put the program elsewhere',
    }
  if (facts.closedFolder !== undefined)
    return {
      cause: `${path} lies below ${facts.closedFolder}, which user ${facts.user?.uid ?? '?'} may not enter`,
      hint: `Run chmod o+x ${facts.closedFolder} in the image, or choose another user (-u)`,
    }
  if ((facts.mode & 0o111) === 0)
    return {
      cause: `${path} has no execute permission (mode ${facts.mode.toString(8)})`,
      hint: `Run chmod +x ${path} in the image, or run it by its interpreter`,
    }
  if (facts.user !== undefined && !mayExecute(facts, facts.user))
    return {
      cause: `${path} may not be executed by user ${facts.user.uid} (mode ${facts.mode.toString(8)}, owner ${facts.uid}:${facts.gid})`,
      hint: `Run chmod o+x ${path} in the image, or choose another user (-u)`,
    }
  const script = readShebang(facts.head)
  if (script !== undefined && facts.isExecutable?.(script.interpreter) === false)
    return {
      cause: `the interpreter ${script.interpreter} of ${path} cannot be executed`,
      hint: `Run chmod +x ${script.interpreter} in the image`,
    }
  return {
    cause: `${path}: permission denied`,
    hint: 'A folder above it may not be entered by this user, or a security module refuses it',
  }
}

/** Execute permission of a file, or the right to enter a folder, by permission bits alone. */
export function mayExecute(
  { mode, uid, gid }: Pick<ExecFacts, 'mode' | 'uid' | 'gid'>,
  user: NonNullable<ExecFacts['user']>,
): boolean {
  if (user.uid === 0) return (mode & 0o111) !== 0
  if (user.uid === uid) return (mode & 0o100) !== 0
  if (user.gids.includes(gid)) return (mode & 0o010) !== 0
  return (mode & 0o001) !== 0
}

const notWhole = 'Copy or build it into the image once more: it is not whole'

function diagnoseContent(path: string, facts: ExecFacts): ExecDiagnosis | undefined {
  const { head } = facts
  if (head.length === 0) return { cause: `${path} is empty`, hint: notWhole }
  const script = readShebang(head)
  if (script !== undefined) return diagnoseScript(path, script, facts)
  if (isElf(head)) return diagnoseElf(path, facts)
  if (isText(head))
    return {
      cause: `${path} is a text without an interpreter line`,
      hint: 'Put "#!/bin/sh" (or its interpreter) on the first line, or run it as: sh ' + path,
    }
  return {
    cause: `${path} is in a format that the kernel cannot execute`,
    hint: 'Use a Linux program built for this machine',
  }
}

interface Shebang {
  readonly interpreter: string
  readonly hasCarriageReturn: boolean
}

/** The interpreter line of a script; undefined where there is none. */
export function readShebang(head: Uint8Array): Shebang | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined
  const end = head.indexOf(10)
  // The kernel reads the first 256 bytes.
  const line = Buffer.from(head.subarray(2, end === -1 ? 256 : Math.min(end, 256))).toString()
  const hasCarriageReturn = line.endsWith('\r')
  const [interpreter = ''] = line
    .replace(/\r$/, '')
    .trim()
    .split(/[ \t]+/)
  return { interpreter, hasCarriageReturn }
}

function diagnoseScript(
  path: string,
  script: Shebang,
  facts: ExecFacts,
): ExecDiagnosis | undefined {
  const { interpreter, hasCarriageReturn } = script
  if (hasCarriageReturn)
    return {
      cause: `the first line of ${path} ends in a carriage return, so the kernel looks for "${interpreter}\\r"`,
      hint: `Save it with Unix line ends: sed -i 's/\\r$//' ${path}`,
    }
  if (interpreter === '')
    return {
      cause: `the first line of ${path} names no interpreter`,
      hint: 'Write "#!/bin/sh" there, or another interpreter of the image',
    }
  if (!facts.exists(interpreter))
    return {
      cause: `the interpreter ${interpreter} of the script ${path} is not in the image`,
      hint: `Install ${interpreter}, or change the first line of ${path}`,
    }
  return undefined
}

function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46
}

const machines: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'powerpc',
  21: 'powerpc64',
  22: 's390x',
  40: 'arm',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
  258: 'loongarch',
}
const machineNumbers: Readonly<Record<Architecture, readonly number[]>> = {
  x86_64: [62, 3],
  aarch64: [183, 40],
}

function diagnoseElf(path: string, facts: ExecFacts): ExecDiagnosis | undefined {
  const { head, architecture } = facts
  if (head.length < 64) return { cause: `${path} is cut off`, hint: notWhole }
  const machine = readMachine(head)
  if (!machineNumbers[architecture].includes(machine))
    return {
      cause: `${path} is built for ${machines[machine] ?? `machine ${machine}`}, this machine is ${architecture}`,
      hint: `Use an image for ${architecture} (--platform)`,
    }
  const loader = readLoader(head)
  if (loader !== undefined && !facts.exists(loader))
    return {
      cause: `${path} needs the loader ${loader}, which is not in the image`,
      hint: loader.includes('musl')
        ? 'It is built for musl (Alpine): use such an image, or build it statically'
        : 'It is built for another C library: install its libraries, or build it statically',
    }
  return undefined
}

function readMachine(head: Uint8Array): number {
  const isBigEndian = head[5] === 2
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  return view.getUint16(18, !isBigEndian)
}

/** PT_INTERP of a little-endian ELF file whose beginning is `head`; undefined for a static program. */
export function readLoader(head: Uint8Array): string | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const is64 = head[4] === 2
  if (head[5] !== 1) return undefined
  const table = is64 ? Number(view.getBigUint64(32, true)) : view.getUint32(28, true)
  const size = view.getUint16(is64 ? 54 : 42, true)
  const count = view.getUint16(is64 ? 56 : 44, true)
  for (let index = 0; index < count; index++) {
    const at = table + index * size
    if (at + size > head.length || size === 0) return undefined
    if (view.getUint32(at, true) !== 3) continue
    const offset = is64 ? Number(view.getBigUint64(at + 8, true)) : view.getUint32(at + 4, true)
    const length = is64 ? Number(view.getBigUint64(at + 32, true)) : view.getUint32(at + 16, true)
    if (offset + length > head.length) return undefined
    return Buffer.from(head.subarray(offset, offset + length))
      .toString()
      .replace(/\0.*$/s, '')
  }
  return undefined
}

function isText(head: Uint8Array): boolean {
  return !head.subarray(0, 512).includes(0)
}

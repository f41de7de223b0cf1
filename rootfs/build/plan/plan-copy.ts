import { posix } from 'node:path'
import { complain } from '../dockerfile/dockerfile-error.ts'
import type { CopyInstruction } from '../dockerfile/instruction.ts'
import type { Origin } from '../graph/resolve-stages.ts'
import type { CopyStepPlan, PlannedOperand } from './planned-step.ts'
import type { Expander } from './variables.ts'

export interface CopyScope {
  readonly expander: Expander
  readonly workdir: string
  readonly origin: Origin | undefined
}

/** COPY or ADD with everything expanded. @throws {DockerfileError} for what ADD cannot fetch */
export function planCopy(node: CopyInstruction, scope: CopyScope): CopyStepPlan {
  const { expander } = scope
  const isAdd = node.kind === 'add'
  const sources = node.sources.map(expander.word)
  const destination = expander.word(node.destination)
  const chown = node.chown && expander.word(node.chown.value)
  const chmod = node.chmod && expander.word(node.chmod.value)
  const named = sources.map((source) => operandOf(node, source, isAdd))
  const inline = node.inline.map(({ name, content, expand }): PlannedOperand => ({
    kind: 'content',
    name,
    content: expand ? expander.content(content) : content,
  }))
  const operands = [...named, ...inline]
  requireOneChecksum(node, operands)
  const flags = [
    ...(node.parents ? ['--parents'] : []),
    ...(chown ? [`--chown=${chown}`] : []),
    ...(chmod ? [`--chmod=${chmod}`] : []),
    ...(node.link ? ['--link'] : []),
  ]
  const names = operands.map((operand) =>
    operand.kind === 'pattern'
      ? operand.pattern
      : operand.kind === 'url'
        ? operand.url
        : `<<${operand.name}`,
  )
  return {
    kind: 'copy',
    source: node.source,
    createdBy: `${node.kind.toUpperCase()} ${[...flags, ...names, destination].join(' ')} # buildkit`,
    isAdd,
    operands,
    origin: scope.origin,
    destination: absolute(scope.workdir, destination),
    chown,
    chmod,
    link: node.link,
    parents: node.parents,
    exclude: node.exclude.map(expander.word),
    checksum: node.checksum && expander.word(node.checksum.value),
    unpack: node.unpack ?? isAdd,
  }
}

/** A slash, or a dot, at the end says that the destination is a folder. */
function absolute(workdir: string, destination: string): string {
  const path = posix.resolve(workdir || '/', destination)
  const isFolder = /(?:^|\/)\.{0,2}$/.test(destination)
  return isFolder && path !== '/' ? `${path}/` : path
}

function operandOf(node: CopyInstruction, source: string, isAdd: boolean): PlannedOperand {
  const isGit = /^(?:git@|git:\/\/|ssh:\/\/)|^https?:\/\/[^#?]*\.git(?:[#?].*)?$/.test(source)
  const isUrl = /^https?:\/\//.test(source)
  const mark = { offset: Math.max(0, node.source.text.indexOf(source)), length: source.length }
  if (isAdd && isGit)
    throw complain(node.source, {
      ...mark,
      code: 'UNSUPPORTED',
      problem: 'repositories are not fetched by ADD',
      expected: 'files, or the URL of an archive',
      hint: 'Clone it into the build context, or with git in a RUN',
    })
  if (isUrl && !isAdd)
    throw complain(node.source, {
      ...mark,
      problem: 'COPY takes no URL',
      expected: 'a path in the build context',
      hint: 'Use ADD',
    })
  return isUrl ? { kind: 'url', url: source } : { kind: 'pattern', pattern: source }
}

function requireOneChecksum(node: CopyInstruction, operands: readonly PlannedOperand[]): void {
  if (!node.checksum) return
  const { value, offset, length } = node.checksum
  if (operands.length !== 1 || operands[0]?.kind !== 'url')
    throw complain(node.source, {
      offset,
      length,
      problem: '--checksum needs one URL as the only source',
      expected: 'ADD --checksum=sha256:… https://… DESTINATION',
    })
  if (
    !value.includes('$') &&
    !/^sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$/.test(value)
  )
    throw complain(node.source, {
      offset,
      length,
      problem: `"${value}" is no digest`,
      expected: 'sha256: and 64 hexadecimal digits',
    })
}

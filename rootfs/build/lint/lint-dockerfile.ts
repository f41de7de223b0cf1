import type { CommandLine } from '../dockerfile/instruction.ts'
import type {
  Dockerfile,
  DockerfileStage,
  StageInstruction,
} from '../dockerfile/parse-dockerfile.ts'
import { type InstructionSource, type SourcePlace, placeOf } from '../dockerfile/source.ts'

/** Something that is allowed and most likely not meant. */
export interface LintWarning {
  readonly rule:
    | 'array-for-the-shell'
    | 'text-after-array'
    | 'overridden-instruction'
    | 'same-stage-name'
    | 'reserved-stage-name'
    | 'secret-in-image'
    | 'maintainer'
    | 'unset-variable'
  readonly place: SourcePlace
  readonly text: string
}

/** What can be said about a Dockerfile without knowing its bases. */
export function lintDockerfile(dockerfile: Dockerfile): LintWarning[] {
  const names = new Map<string, number>()
  return dockerfile.stages.flatMap((stage) => [
    ...lintStageName(stage, names),
    ...lintOverridden(stage),
    ...stage.instructions.flatMap(lintInstruction),
  ])
}

export function warning(
  rule: LintWarning['rule'],
  source: InstructionSource,
  text: string,
  part = '',
): LintWarning {
  const at = source.text.toLowerCase().lastIndexOf(part.toLowerCase())
  const offset = part === '' ? 0 : Math.max(0, at)
  return { rule, place: placeOf(source, offset), text }
}

function lintStageName({ from }: DockerfileStage, names: Map<string, number>): LintWarning[] {
  const { name, source } = from
  if (name === undefined) return []
  const before = names.get(name)
  names.set(name, source.first)
  if (name === 'scratch' || name === 'context')
    return [warning('reserved-stage-name', source, `"${name}" means something else already`, name)]
  if (before === undefined) return []
  const text = `the stage in line ${before} is called "${name}" too, and is hidden from here on`
  return [warning('same-stage-name', source, text, name)]
}

/** Only the last of these counts. */
function lintOverridden({ instructions }: DockerfileStage): LintWarning[] {
  return (['cmd', 'entrypoint', 'healthcheck'] as const).flatMap((kind) => {
    const all = instructions.filter((each) => each.kind === kind)
    return all.slice(0, -1).map(({ source }, at) => {
      const next = all[at + 1]?.source.first ?? 0
      const text = `only the last ${kind.toUpperCase()} of a stage counts; there is another in line ${next}`
      return warning('overridden-instruction', source, text)
    })
  })
}

function lintInstruction(node: StageInstruction): LintWarning[] {
  switch (node.kind) {
    case 'run':
      // A heredoc may look like anything.
      return node.source.first === node.source.last || !node.source.text.includes('<<')
        ? lintCommand(node.source, node.command)
        : []
    case 'cmd':
    case 'entrypoint':
      return lintCommand(node.source, node.command)
    case 'healthcheck':
      return node.command ? lintCommand(node.source, node.command) : []
    case 'arg':
      return lintSecrets(
        node.source,
        node.args.map(({ name }) => name),
      )
    case 'env':
      return lintSecrets(
        node.source,
        node.pairs.map(({ name }) => name),
      )
    case 'maintainer': {
      const text = 'MAINTAINER is out of use: write LABEL org.opencontainers.image.authors=…'
      return [warning('maintainer', node.source, text)]
    }
    default:
      return []
  }
}

function lintCommand(source: InstructionSource, command: CommandLine): LintWarning[] {
  if (command.form === 'exec') {
    if (command.words.length === 0 || source.text.endsWith(']')) return []
    // A script of a heredoc is run as words, too.
    if (source.text.includes('<<')) return []
    return [warning('text-after-array', source, 'what follows the array is ignored')]
  }
  if (!/^\[.*\]$/s.test(command.line) || /^\[\[? /.test(command.line)) return []
  const text = 'this is no JSON array, so a shell gets it; strings take double quotes'
  return [warning('array-for-the-shell', source, text, command.line)]
}

const secretWords =
  /(?:^|_)(?:passw(?:or)?d|secret|token|api_?key|private_?key|credentials?|auth)(?:$|_)/i
const harmless = /(?:_file|_path|_url|_id|_name|_ttl)$|^public_|_public_/i

function lintSecrets(source: InstructionSource, names: readonly string[]): LintWarning[] {
  return names
    .filter((name) => secretWords.test(name) && !harmless.test(name))
    .map((name) => {
      const text = `the value of ${name} stays in the image: use RUN --mount=type=secret,id=…,env=${name}`
      return warning('secret-in-image', source, text, name)
    })
}

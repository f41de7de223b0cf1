import { join } from 'node:path'
import { type Requirement, ownPath, readOwnFile, readRequirements } from './oci-requirement.ts'

/** Names of runtimes, as MYCONTAINER_CONFORMANCE_RUNTIME has them. */
export const runtimes = ['ours', 'runc', 'crun'] as const
export type RuntimeName = (typeof runtimes)[number]

/** Whether a row passed, by file, title and runtime. */
export type Results = Readonly<
  Record<string, Readonly<Record<string, Readonly<Partial<Record<RuntimeName, boolean>>>>>>
>

export const documentPath = ownPath('docs/conformance.md')
export const resultsPath = join(import.meta.dirname, 'oci-results.json')
const specification = 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0'

const head = `# Conformance

What the specifications demand, and the tests that show it. Written by \`npm run conformance-table\`, which runs the rows of the OCI runtime
specification with our runtime and, where they are installed, with runc and crun: a row that no runtime can fail shows nothing.

| specification | tests | against another implementation |
|---|---|---|
| OCI runtime 1.3.0 | \`test/conformance/oci-*.test.ts\`, the tables below | \`MYCONTAINER_CONFORMANCE_RUNTIME=runc\` or \`crun\` |
| OCI distribution 1.1 | \`test/conformance/distribution-*.test.ts\`; the suite of the specification's project passes, see docs/registry.md | \`DISTRIBUTION_URL=http://host:port\` |
| Kubernetes API, as kubectl and the official client use it | \`test/conformance/kubectl-*.test.ts\`, \`client-node.test.ts\` | |

One file: \`node_modules/.bin/node test/conformance/oci-life-cycle.test.ts\`; all: \`node scripts/test.mjs conformance\`.

## OCI runtime specification 1.3.0

Every MUST, MUST NOT and SHALL of runtime.md, config.md, config-linux.md, runtime-linux.md, bundle.md and features.md, in our words
(test/conformance/oci-requirements.txt). ✓: the row passes, ✗: it fails, –: it was not run. A row has several checks: ✗ says that one of them fails.
No machine here has resctrl: what linux.intelRdt writes is tested on a folder that stands for it.
`

const tail = `
## The validation programs of the OCI

Every failure of ours has its reason here; none is a demand of the specification that is not met.

| program | ours | runc | crun | why |
|---|---|---|---|---|
`

const contest = `
## contest, the suite of youki

Group by group; a group has several checks, and ✗ says that one of them fails; what the suite leaves out on this host does not count. Not a part of our own tests: it is built from its sources by hand.

| group | ours | runc | crun | why |
|---|---|---|---|---|
`

/** docs/conformance.md as the requirements and results make it. */
export function formatDocument(results: Results): string {
  const requirements = readRequirements()
  return `${head}\n${counts(requirements)}\n${tables(requirements, results)}${tail}${programs('oci-validation-programs.txt')}${contest}${programs('oci-contest.txt')}`
}

function counts(requirements: readonly Requirement[]): string {
  const of = (kind: Requirement['shown']['kind']): number =>
    requirements.filter(({ shown }) => shown.kind === kind).length
  return `${requirements.length} demands: ${of('test')} shown by tests, ${of('not-ours')} that are not about a runtime on Linux or leave it the choice, ${of('unmet')} not met.\n`
}

function tables(requirements: readonly Requirement[], results: Results): string {
  const documents = new Set(requirements.map(({ section }) => documentOf(section)))
  return [...documents]
    .map((name) => {
      const rows = requirements.filter(({ section }) => documentOf(section) === name)
      const lines = rows.map((row) => formatRow(row, results))
      return `### ${name}\n\n| demand | section | shown by | ours | runc | crun |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`
    })
    .join('\n')
}

function documentOf(section: string): string {
  return section.split('#')[0] ?? section
}

function formatRow({ id, section, says, shown }: Requirement, results: Results): string {
  const anchor = section.split('#')[1] ?? section
  const where = `[${anchor}](${specification}/${section})`
  const start = `| **${id}**: ${says} | ${where} |`
  if (shown.kind !== 'test') {
    const why = shown.kind === 'unmet' ? `**not met**: ${shown.why}` : `not tested: ${shown.why}`
    return `${start} ${why} | – | – | – |`
  }
  const found = results[shown.file]?.[shown.title] ?? {}
  const marks = runtimes.map((name) => mark(found[name]))
  return `${start} ${baseName(shown.file)}: ${shown.title} | ${marks.join(' | ')} |`
}

function baseName(file: string): string {
  return file.startsWith('test/conformance/') ? file.slice('test/conformance/'.length) : file
}

function mark(passed: boolean | undefined): string {
  if (passed === undefined) return '–'
  return passed ? '✓' : '✗'
}

function programs(file: string): string {
  const lines = readOwnFile(`test/conformance/${file}`).split('\n')
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return rows
    .map((line) => {
      const [names = '', ours, runc, crun, why = ''] = line.split(/ \|(?: |$)/)
      const marks = [ours, runc, crun].map((sign) => mark(sign === '.' ? undefined : sign === '+'))
      return `| ${names.split(' ').join(', ')} | ${marks.join(' | ')} | ${why} |\n`
    })
    .join('')
}

import { OperationError } from '../../native/error.ts'
import { openMergedRoot } from '../merged-root.ts'
import type { UntrustedRoot } from '../path-in-root.ts'
import type { CopyOperand, CopyRequest } from './copy-request.ts'
import type { Copying } from './copying.ts'
import { parseChangeMode } from './file-mode.ts'
import type { FileSource } from './file-source.ts'
import { type Owner, resolveOwner } from './owner.ts'
import { placeInRoot } from './place-in-root.ts'
import { placeContent, placeDownload } from './place-made.ts'
import { placeSelected } from './place-selected.ts'
import { toRaw } from '../../native/raw-text.ts'
import { type Selection, selectSources } from './select-sources.ts'
import type { SelectedSource } from './source-file.ts'
import type { StepFolder } from './step-folder.ts'
import { openStepRoot } from './step-root.ts'
import { createTreeWriter } from './tree-writer.ts'

/**
 * COPY and ADD, as docker does them: a folder's content goes into the destination, a file into it or
 * to it. Everything is looked up before anything is written. Links in the destination are followed
 * inside the step's root.
 *
 * @throws {OperationError} `NOT_FOUND` (source, owner), `INVALID_ARGUMENT` (mode, owner, several
 *   sources to a file, a file in the way), `SYSCALL_FAILED` (ENOSPC, …)
 */
export async function copyStep(step: StepFolder, request: CopyRequest): Promise<void> {
  const changeMode = request.chmod === undefined ? undefined : parseChangeMode(request.chmod)
  const target: StepFolder = request.link ? { ...step, layersBelow: [] } : step
  const matches = selectAll(request)
  const isFolder = requireFolder(request)
  const opened = openStepRoot(target)
  const writer = createTreeWriter(opened.descriptor)
  try {
    const owner = ownerOf(step, opened, request)
    const copying = { root: opened, writer, request, owner, changeMode, isFolder }
    requireRoom(copying, matches)
    for (const match of matches) await place(copying, match)
    writer.finish()
  } finally {
    writer.close()
    opened.close()
  }
}

/** An operand with what its pattern took. */
type Match =
  | { readonly kind: 'selected'; readonly source: FileSource; readonly selected: SelectedSource }
  | Exclude<CopyOperand, { kind: 'pattern' }>

function selectAll(request: CopyRequest): Match[] {
  const { source, operands, excludes } = request
  const matches: Match[] = []
  for (const operand of operands) {
    if (operand.kind !== 'pattern') matches.push(operand)
    else if (!source) throw new OperationError('INTERNAL', 'copy without a source')
    else {
      const selection: Selection = {
        patterns: [operand.pattern],
        parents: request.parents,
        excludes,
        isOptional: operands.length > 1,
      }
      for (const selected of selectSources(source, selection))
        matches.push({ kind: 'selected', source, selected })
    }
  }
  if (matches.length > 0) return matches
  throw new OperationError(
    'NOT_FOUND',
    `find ${operands.map((operand) => (operand.kind === 'pattern' ? operand.pattern : '')).join(' ')}`,
    {},
    { hint: 'None of the patterns matches a file', exitCode: 1 },
  )
}

/** Whether the destination is written as a folder; several operands need one. */
function requireFolder({ operands, destination }: CopyRequest): boolean {
  const isFolder = /\/\.?$/.test(destination)
  if (!isFolder && operands.length > 1) throw needsFolder(destination)
  return isFolder
}

/** A pattern that took several files must not write them all to one. */
function requireRoom({ root, request, isFolder }: Copying, matches: readonly Match[]): void {
  if (isFolder || matches.length <= 1) return
  const { kind } = placeInRoot(root.descriptor, toRaw(request.destination))
  const takesFile = matches.some(
    (match) => match.kind === 'selected' && match.selected.files[0]?.kind !== 'directory',
  )
  if (takesFile && kind !== 'directory' && !request.parents) throw needsFolder(request.destination)
}

function needsFolder(destination: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `copy several files to ${destination}`,
    {},
    {
      hint: 'With more than one source the destination must be a folder, and end with a slash',
      exitCode: 1,
    },
  )
}

function ownerOf(
  { layersBelow }: StepFolder,
  opened: UntrustedRoot,
  { chown, link }: CopyRequest,
): Owner | undefined {
  if (chown === undefined) return undefined
  if (!link || layersBelow.length === 0) return resolveOwner(opened.descriptor, chown)
  using below = openMergedRoot(layersBelow)
  return resolveOwner(below.descriptor, chown)
}

async function place(copying: Copying, match: Match): Promise<void> {
  if (match.kind === 'selected') await placeSelected(copying, match.source, match.selected)
  else if (match.kind === 'content') placeContent(copying, match)
  else placeDownload(copying, match)
}

import { OperationError } from '../../native/error.ts'
import { readBody } from './read-body.ts'
import { unexpectedAnswer } from './registry-error.ts'
import { type Repository, repositoryDetail, sendToRepository } from './repository.ts'

const maxPage = 8 * 1024 * 1024
const maxPages = 1000

/**
 * Tags of a repository, in the order of the registry, over as many pages as it has.
 *
 * @param limit tags after which no further page is asked for
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export async function listTags(repository: Repository, limit: number): Promise<string[]> {
  const tags: string[] = []
  let target: string | URL = 'tags/list'
  for (let page = 0; page < maxPages; page += 1) {
    const response = await sendToRepository(repository, { method: 'GET', target, rights: 'pull' })
    if (response.status !== 200)
      throw await unexpectedAnswer(response, 'list tags', repositoryDetail(repository))
    tags.push(...readTags(await readBody(response, maxPage, 'a list of tags'), repository))
    const next = nextPage(response.header('link'), response.url)
    if (!next || tags.length >= limit) return tags
    target = next
  }
  throw new OperationError('PROTOCOL', 'list tags', {
    ...repositoryDetail(repository),
    reason: `more than ${maxPages} pages`,
  })
}

function readTags(content: Buffer, repository: Repository): string[] {
  try {
    const { tags } = Object(JSON.parse(content.toString())) as { tags?: unknown }
    // A repository whose last tag was deleted has null.
    if (tags === null || tags === undefined) return []
    if (Array.isArray(tags)) return tags.filter((tag) => typeof tag === 'string')
  } catch {
    // Reported below.
  }
  throw new OperationError('PROTOCOL', 'list tags', {
    ...repositoryDetail(repository),
    reason: 'the answer is no list',
  })
}

/** @see https://www.rfc-editor.org/rfc/rfc8288 */
export function nextPage(link: string | undefined, from: URL): URL | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next"?/i.exec(link ?? '')?.[1]
  const url = target === undefined ? null : URL.parse(target, from)
  // Elsewhere nobody has our list, and no credential goes there.
  return url?.origin === from.origin ? url : undefined
}

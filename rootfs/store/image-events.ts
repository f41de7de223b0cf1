import { appendEvents } from '../event-log.ts'
import type { ImageStore } from './image-store.ts'

export type ImageAction = 'pull' | 'push' | 'tag' | 'untag' | 'delete' | 'save' | 'load'

/**
 * Tell those who listen to events what became of an image. A log that cannot be written undoes nothing of it.
 *
 * @param id of the image; where it went or came by a name, that name, as docker has it
 */
export function announceImage(
  { runDir }: Pick<ImageStore, 'runDir'>,
  action: ImageAction,
  id: string,
  name: string = id,
): void {
  try {
    appendEvents(runDir, [{ type: 'image', action, id, attributes: { name } }])
  } catch {
    // The image is there, or gone: to say that it is not would be worse.
  }
}

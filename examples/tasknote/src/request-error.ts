/** A request that cannot be answered as asked; becomes the answer's status and its JSON. */
export class RequestError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

import type { ApiRequest } from './http-message.ts'

/** Where steps of admission say what they have to say. A write that is tried again says it once. */
export function admissionNotes({ warnings, notes }: ApiRequest) {
  return {
    warn: (text: string) => {
      if (!warnings.includes(text)) warnings.push(text)
    },
    annotate: (key: string, value: string) => {
      if (notes) notes.annotations[key] = value
    },
  }
}

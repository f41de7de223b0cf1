import type { Json, JsonObject } from './object.ts'

/** Set a field; one named `__proto__` is a field like any other. */
export function setField(object: JsonObject, field: string, value: Json): void {
  if (field !== '__proto__') object[field] = value
  else
    Object.defineProperty(object, field, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
}

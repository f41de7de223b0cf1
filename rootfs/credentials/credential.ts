/** What a user is known by at a registry. */
export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token that the token server of the registry gave out. */
  | { readonly kind: 'identity-token'; readonly token: string }

/** Credential helpers and configuration files mark an identity token by this name. */
export const tokenUsername = '<token>'

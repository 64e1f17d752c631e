/** What was asked of users, sessions or tokens cannot be done; one sentence for who asked. */
export class AccessRefused extends Error {
  override readonly name = 'AccessRefused';
  readonly status: 400 | 401 | 403 | 404 | 409 | 429;

  constructor(status: AccessRefused['status'], message: string) {
    super(message);
    this.status = status;
  }
}

import type { ReactNode } from "react";
import { session } from "../lib/sessions";
import { leave, password } from "./actions";
import { Form } from "./form";

export default async function Page(): Promise<ReactNode> {
  const found = await session();
  if (found !== undefined && "signedIn" in found)
    return (
      <main>
        <h1>Signed in as {found.signedIn}</h1>
        <Form action={leave} submit="Sign out" />
      </main>
    );
  return (
    <main>
      <h1>Sign in</h1>
      <Form action={password} submit="Continue">
        <label>
          Name <input name="name" autoComplete="username" required />
        </label>
        <label>
          Password <input name="password" type="password" autoComplete="current-password" required />
        </label>
      </Form>
    </main>
  );
}

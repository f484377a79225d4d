import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { session } from "../../lib/sessions";
import { again, code } from "../actions";
import { Form } from "../form";

export default async function Page(): Promise<ReactNode> {
  const found = await session();
  if (found === undefined || !("masked" in found)) redirect("/");
  return (
    <main>
      <h1>We sent a code to {found.masked}</h1>
      <Form action={code} submit="Sign in">
        <label>
          Code <input name="pin" inputMode="numeric" autoComplete="one-time-code" autoFocus required />
        </label>
      </Form>
      <Form action={again} submit="Send it again" />
    </main>
  );
}

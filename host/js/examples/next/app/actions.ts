"use server";

import { redirect } from "next/navigation";
import { advice, authenticated, login, text, twoFactor } from "../lib/service";
import { begin, end, session } from "../lib/sessions";

/** What a form shows after it was sent. */
export interface Told {
  readonly text?: string;
}

/** Checks the password, and sends the code. */
export async function password(_: Told, form: FormData): Promise<Told> {
  const subject = authenticated(form.get("name"), form.get("password"));
  if (subject === undefined) return { text: "The name or the password is wrong." };
  try {
    const { token, masked } = await twoFactor().start(login(subject));
    await begin({ pending: subject, token, masked });
  } catch (error) {
    return { text: advice(error) };
  }
  redirect("/code");
}

/** Takes the code, and lets the user in. */
export async function code(_: Told, form: FormData): Promise<Told> {
  const found = await session();
  if (found === undefined || !("token" in found)) redirect("/");
  try {
    const typed = text(form.get("pin")).replaceAll(/\s/g, "");
    const acceptance = await twoFactor().verify(found.token, login(found.pending), typed);
    await begin({ signedIn: acceptance.subject });
  } catch (error) {
    return { text: advice(error) };
  }
  redirect("/");
}

/** Sends the same code again. */
export async function again(): Promise<Told> {
  const found = await session();
  if (found === undefined || !("token" in found)) redirect("/");
  try {
    await twoFactor().resend(found.token, login(found.pending));
  } catch (error) {
    return { text: advice(error) };
  }
  return { text: "The code was sent again." };
}

export async function leave(): Promise<Told> {
  await end();
  redirect("/");
}

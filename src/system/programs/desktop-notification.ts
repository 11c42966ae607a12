import { askProgram } from "./ask-program.ts";

export interface DesktopNotification {
  readonly title: string;
  readonly text: string;
}

export interface NotificationOptions {
  readonly platform?: NodeJS.Platform;
  readonly environment?: NodeJS.ProcessEnv;
}

/** A desktop that does not answer in this time shows nothing. */
const shownWithinMs = 3_000;

/**
 * Shows a notification on this machine's desktop, by the program that the system has for it. Without a desktop, or such
 * a program, nothing happens. Texts reach the program as arguments or variables, never as a part of a script.
 */
export async function notifyDesktop(
  notification: DesktopNotification,
  options: NotificationOptions = {},
): Promise<void> {
  const { platform = process.platform, environment = process.env } = options;
  const notifier = notifierOn(platform, environment, notification);
  if (notifier === undefined) return;
  const { program, args, env = {} } = notifier;
  await askProgram(program, args, { timeoutMs: shownWithinMs, env });
}

interface Notifier {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function notifierOn(
  platform: NodeJS.Platform,
  environment: NodeJS.ProcessEnv,
  { title, text }: DesktopNotification,
): Notifier | undefined {
  if (platform === "darwin") {
    const script = ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"];
    return { program: "osascript", args: [...script.flatMap((line) => ["-e", line]), title, text] };
  }
  if (platform === "win32") {
    const encoded = Buffer.from(toastScript, "utf16le").toString("base64");
    const args = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand", encoded];
    return { program: "powershell", args, env: { [titleVariable]: title, [textVariable]: text } };
  }
  const hasDesktop = environment.DISPLAY || environment.WAYLAND_DISPLAY;
  if (!hasDesktop) return undefined;
  return { program: "notify-send", args: ["--app-name=renderfarm", "--", title, withoutMarkup(text)] };
}

/** Desktops may read the text of a notification as markup. */
function withoutMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const titleVariable = "RENDERFARM_NOTIFICATION_TITLE";
const textVariable = "RENDERFARM_NOTIFICATION_TEXT";

/** Shows a toast in the name of PowerShell, which every Windows has registered. */
const toastScript = `
$ErrorActionPreference = 'Stop'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent('ToastText02')
$texts = $toast.GetElementsByTagName('text')
[void]$texts.Item(0).AppendChild($toast.CreateTextNode($env:${titleVariable}))
[void]$texts.Item(1).AppendChild($toast.CreateTextNode($env:${textVariable}))
$shell = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($shell).Show($toast)
`;

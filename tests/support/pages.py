"""Pages of the test site for what a pointer, a frame, a tab or a reader does with them."""

GESTURES = """<!doctype html><html lang=de><meta charset=utf-8><title>Gesten</title>
<style>#menu { display: none } #open:hover + #menu { display: block } .box { width: 80px; height: 40px }
 #list { height: 60px; overflow: auto }</style>
<button id=open>Menü</button><p id=menu>Untermenü</p>
<div class=box id=card draggable=true ondragstart="event.dataTransfer.setData('text', 'Karte')">Karte</div>
<div class=box id=goal ondragover="event.preventDefault()"
 ondrop="event.preventDefault(); this.textContent = event.dataTransfer.getData('text') + ' ist da'">Ziel</div>
<button id=twice ondblclick="this.textContent = 'Zweimal'" oncontextmenu="this.textContent = 'Rechts'; return false"
 >Einmal</button>
<button onclick="this.textContent = prompt('Welche Nummer?') ?? 'Keine'">Nummer</button>
<button onclick="alert('Fertig!')">Melden</button>
<button disabled onclick="document.title = 'Bestellt'">Gesperrt</button>
<label>Tippen <input id=typed onkeyup="this.dataset.keys = (this.dataset.keys ?? 0) * 1 + 1"></label>
<label>Farben <select id=colours multiple><option value=r>Rot</option><option value=g>Grün</option>
 <option value=b>Blau</option></select></label>
<div id=list><p style="height: 500px">Anfang</p><p>Ende der Liste</p></div>
<a href=/gestures/other target=_blank>Zweites Fenster</a>
<button onclick="setTimeout(() => location = '/files/attachment', 200)">Bericht erstellen</button>
<p style="margin-top: 3000px" id=foot>Ganz unten</p></html>"""

FRAMES = """<!doctype html><html lang=de><meta charset=utf-8><title>Rahmen</title>
<label>Nummer <input></label>
<iframe id=one
 srcdoc="<label>Nummer <input></label><button onclick='this.textContent=`Gedrückt`'>Drücken</button>"></iframe>
<iframe id=two srcdoc="<label>Nummer <input></label><iframe id=inner
 srcdoc='<label>Tief innen <input></label>'></iframe>"></iframe>
<div id=host></div><script>
 const root = host.attachShadow({mode: 'open'});
 root.innerHTML = '<label>Schatten <input id=deep></label><button>Im Schatten</button>'
   + '<input type=password value=schattig>';
</script></html>"""

TABLE = """<!doctype html><html lang=de><meta charset=utf-8><title>Tabelle</title>
<table id=invoices><thead><tr><th>Nr.</th><th>Datum</th><th>Betrag</th><th>Bezahlt</th><th></th></tr></thead><tbody>
<tr><td>4711</td><td>07.03.2026</td><td>1.234,56 €</td><td>ja</td><td><button>Öffnen</button></td></tr>
<tr><td>4712</td><td>8. März 2026</td><td>99,00 €</td><td>nein</td><td><button>Öffnen</button></td></tr>
<tr style="display: none"><td>4713</td><td></td><td></td><td></td><td></td></tr></tbody></table>
<p id=answer></p><script>
 for (const button of document.querySelectorAll('button'))
   button.onclick = () => answer.textContent = 'Offen: ' + button.closest('tr').cells[0].textContent;
</script>
<article><h2>Stift</h2><span class=price>1,20</span><a href=/stift>Mehr</a></article>
<article><h2>Heft</h2><span class=price>0,80</span></article>
<label for=net>Netto</label><input id=net><label>Brutto</label> <input class=gross><span id=en lang=en>1,234.50</span>
</html>"""

MOVED = """<!doctype html><html lang=de><meta charset=utf-8><title>Umgebaut</title>
<label>Kunde <input name=customer></label>
<button class=new onclick="document.title = 'Gesendet'">Absenden</button>
<a href=/orders class=trap>Senden</a><p id=hint>Senden Sie das Formular ab</p></html>"""

ORIGINAL = """<!doctype html><html lang=de><meta charset=utf-8><title>Formular</title>
<label>Kunde <input id=customer name=customer></label>
<button id=send data-testid=send onclick="document.title = 'Gesendet'">Absenden</button></html>"""

TROUBLED = """<!doctype html><html lang=de><meta charset=utf-8><title>Kaputt</title>
<label>Passwort <input type=password value=vorbelegt-77></label>
<label>Kurz <input type=password value=abc></label><p>abc ist kein Geheimnis</p>
<script>console.error('Skript meldet Fehler 17'); fetch('/status/404'); setTimeout(() => { throw new Error('Unfall') })
</script></html>"""

OTHER = "<!doctype html><html lang=de><meta charset=utf-8><title>Anderes</title><p>Zweites</p></html>"

ACCOUNT = "<!doctype html><meta charset=utf-8><title>Konto</title><p>Willkommen</p><a href=/logout>Abmelden</a>"
SIGN_IN = """<!doctype html><meta charset=utf-8><title>Anmeldung</title><form action=/account/login method=post>
<input name=user autocomplete=username><input name=password type=password><button>Weiter</button></form>"""

APPLY = """<!doctype html><html lang=de><meta charset=utf-8><title>Antrag</title>
<form action=/orders><input type=search name=q><button>Suchen</button></form>
<form action=/orders method=post><label>Name <input name=name required></label>
<label>Kontakt <input name=mail type=email></label><button>Absenden</button></form></html>"""
RATES = """<!doctype html><html lang=de><meta charset=utf-8><title>Kurse</title>
<h2>Kurse</h2><table id=rates></table><script>
 setTimeout(() => { rates.innerHTML = '<tr><th>Währung</th><th>Kurs</th></tr><tr><td>USD</td><td>1,08</td></tr>' })
</script></html>"""

LYING = """<!doctype html><html lang=de><meta charset=utf-8><title>Streng</title>
<label>Kunde <input id=customer name=customer></label>
<button id=send onclick="document.title = 'Gesendet'">Absenden</button><script>
 document.createElement = JSON.stringify = () => null;
 for (const one of [HTMLInputElement, HTMLElement])
   Object.defineProperty(one.prototype, 'value', {get: () => 'gelogen'});
</script></html>"""

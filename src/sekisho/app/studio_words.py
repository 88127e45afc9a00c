"""Invented words for the sample studio's people: names with readings, towns, sentences. Nobody is meant by them."""

SURNAMES = (
    "星野 ほしの,月岡 つきおか,風間 かざま,花村 はなむら,雪代 ゆきしろ,海老原 えびはら,鳥居 とりい,"
    "森川 もりかわ,白石 しらいし,青木 あおき,"
    "黒田 くろだ,金子 かねこ,石橋 いしばし,水野 みずの,竹内 たけうち,松尾 まつお,梅津 うめつ,"
    "桜井 さくらい,藤堂 とうどう,髙橋 たかはし"
)
GIVEN = (
    "あかり あかり,蓮 れん,陽菜 ひな,湊 みなと,凛 りん,大和 やまと,結衣 ゆい,樹 いつき,美咲 みさき,悠真 ゆうま,"
    "さくら さくら,蒼 あおい,葵 あおい,律 りつ,紬 つむぎ,朝陽 あさひ,芽依 めい,新 あらた,莉子 りこ,颯太 そうた"
)
WESTERN_GIVEN = (
    "Ada Bruno Clara Dario Elsa Felix Greta Hugo Iris Jonas Klara Leon Mira Nils Olga Paul Rosa Sven Tilda Viktor"
)
WESTERN_SURNAMES = (
    "Almqvist Bergholt Carrow Dunmore Eastlake Farrow Goldwin Hartley Ingram Juniper Kestrel Lindqvist Marlow"
)
TOWNS = "札幌市星見区,小樽市潮見町,函館市灯台町,旭川市雪原町,帯広市麦野町,釧路市霧笛町,北見市玉葱町,苫小牧市鉄橋町"
PRODUCTS = (
    "ほしぞらコード,つきよのゲームづくり,ドットえかき帳,ことりクエスト,ことりクエスト2,まほうのタイル,"
    "みんなのサウンド工房,よるのえほん,"
    "ロボット教室キット,はじめてのシェーダー"
)
QUESTIONS = (
    "起動すると音が出ません,ライセンスを別の機械に移したい,注文した品がまだ届きません,画面が小さく表示されます,"
    "子どもと一緒に使えますか,セーブデータを移したい,The installer stops at 80 percent,"
    "How do I change my e-mail address"
)
ANSWERS = (
    "とても楽しい,むずかしかった,もっと機能がほしい,絵がかわいい,Needs a dark mode,値段がちょうどよい,"
    "説明書が読みやすい"
)
TITLES = "月の裏のともだち,さいごの灯台守,ねことロボット,雪の日の約束,海の底の図書館,The Clockwork Fox"
SKILLS = "プログラミング,絵,音楽,文章,翻訳,品質の確認"
ORGANISATIONS = "みずうみ印刷,かざぐるま運送,あけぼの書店,North Wind Audio,ことり玩具,しおさい放送"
ROLES = "営業,経理,制作,役員,広報"
FEATURES = "保存,書き出し,印刷,音を鳴らす,絵をかく,みんなに見せる,undo,dark mode"

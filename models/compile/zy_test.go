package compile
import ("testing";"fmt";"os";"path/filepath";"upset/npu/isa";"upset/npu";"strings";"math/rand/v2";"upset/models/tflite";"strconv")
func TestZY(t *testing.T){
 name:=os.Getenv("NETS"); 
 m:=load(t,filepath.Join(shared(t),"models",name+".tflite"))
 want:=map[int]bool{}; for _,s:=range strings.Split(os.Getenv("OPS"),","){n,_:=strconv.Atoi(s);want[n]=true}
 tries,_:=strconv.Atoi(os.Getenv("N"))
 for _,cs:=range strings.Split(os.Getenv("CFGS"),","){ c,_:=isa.ParseConfig(cs)
 for oi:=range m.Subgraphs[0].Operators{ if !want[oi]{continue}
  for try:=-1;try<tries;try++{
  g,err:=lower(cut(m,oi,oi+1)); if err!=nil{t.Fatal(err)}
  g.config=c; g.layout(); if len(g.kernels)!=1{break}
  // make bricks internal
  for _,b:=range g.buffers{ if b.data==nil&&bricksPay(b){b.brick=true;b.size=b.h*b.w*roundUp(b.d,16)}}
  k:=g.kernels[0]; k.chooseBlock(c,nil); s:=c.Spec()
  r:=rand.New(rand.NewPCG(uint64(try),uint64(oi)))
  if try>=0{ for n:=0;n<1000;n++{ 
    k.partKernel=k.op==isa.OpConv&&r.IntN(2)==0
    h:=s.UBlockH*(1+r.IntN(min(32,roundUp(k.ofm.h,s.UBlockH))/s.UBlockH)); w:=s.UBlockW*(1+r.IntN(min(64,roundUp(k.ofm.w,s.UBlockW))/s.UBlockW)); d:=s.UBlockD*(1+r.IntN(min(128,roundUp(k.ofm.d,s.UBlockD))/s.UBlockD))
    if n<900 && (h*w*d<256||h*w*d*4<k.ofm.h*k.ofm.w*k.ofm.d/40){continue}
    b,ok:=k.fit(c,h,w,d); if ok{k.blk=b;break}}}
  if f:=os.Getenv("BLK");f!=""{ var h,w,d,pk int; fmt.Sscan(f,&h,&w,&d,&pk); k.partKernel=pk==1; b,ok:=k.fit(c,h,w,d); if !ok{t.Fatal("no fit")}; k.blk=b}
  k.encode(c); flash:=g.placeFlash(); size,_:=g.placeArena(2<<20); words:=g.emit()
  mem:=&isa.Memory{SRAM:make([]byte,size),Flash:append(flash,make([]byte,16)...)}
  at:=(len(mem.Flash)+15)&^15; for len(mem.Flash)<at{mem.Flash=append(mem.Flash,0)}
  for _,w:=range words{mem.Flash=append(mem.Flash,byte(w),byte(w>>8),byte(w>>16),byte(w>>24))}
  mm:=npu.New(c,npu.DefaultSystem(),npu.ECCNone,mem); mm.Start(isa.FlashBase+uint32(at),4*len(words),[8]uint32{isa.FlashBase,isa.SRAMBase,isa.SRAMBase})
  if st:=mm.Run(20_000_000);st!=npu.Done{t.Fatal(st)}
  cyc:=int(mm.Cycle()); base:=300; if k.wbuf!=nil{base+=k.wbuf.size+64}
  fmt.Printf("%s op%d %s %dx%dx%d id%d k%dx%d s%d blk %d %d %d part %v ib%d ab%d : meas %d est %d  %s\n",cs,oi,k.kind(),k.ofm.h,k.ofm.w,k.ofm.d,k.ifm.d,k.kh,k.kw,k.sy,k.blk.h,k.blk.w,k.blk.d,k.partKernel,k.blk.ibEnd,k.blk.abStart,cyc-base,int(k.cost(c,k.blk,nil)),k.parts(c,k.blk))
  _=tflite.Int8
 }}}
}
func (k *kernel) parts(c isa.Config,b blockShape) string{
	ny, nx, nz := ceilDiv(k.ofm.h, b.h), ceilDiv(k.ofm.w, b.w), ceilDiv(k.ofm.d, b.d)
	wr:=0.0; if k.filter!=nil{wr=float64(k.code.weights*ny*nx)/8}
	var s engines
	for _, y := range parts(k.ofm.h, b.h) { for _, x := range parts(k.ofm.w, b.w) { for _, z := range parts(k.ofm.d, b.d) {
	 e:=k.engines(c,y.size,x.size,z.size); n:=float64(y.count*x.count*z.count); s.mac+=n*e.mac;s.port+=n*e.port;s.place+=n*e.place;s.out+=n*e.out}}}
	return fmt.Sprintf("blocks %d mac %.0f out %.0f port %.0f place %.0f +wgt %.0f", ny*nx*nz, s.mac, s.out, s.port, s.place,wr)
}
